/* names.c -- linear probing; half of the table stays free, so that every search ends soon. */

#include "names.h"
#include <string.h>

/* Of sixteen digits, as they are written: 64 bits of the digest, folded so that all of them count. */
uint64_t names_key(const struct query *query) {
    uint64_t first, second;
    memcpy(&first, query->statement + 1, sizeof first);
    memcpy(&second, query->statement + 9, sizeof second);
    uint64_t key = first * UINT64_C(0x9E3779B97F4A7C15) ^ second;
    return key ? key : 1;
}

static size_t place(const struct names *names, uint64_t key) {
    size_t at = key % NAMES_SIZE;
    while (names->table[at] != 0 && names->table[at] != key)
        at = (at + 1) % NAMES_SIZE;
    return at;
}

bool names_has(const struct names *names, uint64_t key) {
    return names->table[place(names, key)] != 0;
}

void names_add(struct names *names, uint64_t key) {
    names->table[place(names, key)] = key;
    names->count++;
}

/* What follows the hole is put in again, so that no search ends at it too early. */
void names_forget(struct names *names, uint64_t key) {
    size_t at = place(names, key);
    if (names->table[at] == 0) return;
    names->table[at] = 0;
    names->count--;
    for (at = (at + 1) % NAMES_SIZE; names->table[at] != 0; at = (at + 1) % NAMES_SIZE) {
        uint64_t moved = names->table[at];
        names->table[at] = 0;
        names->table[place(names, moved)] = moved;
    }
}

void names_clear(struct names *names) {
    memset(names, 0, sizeof *names);
}
