/* key.c -- a key is read once, when its call comes: it may be looked at for many batches before it leaves. */

#include "key.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- one -------------------------------------------------------------------------------------------- */

/* Every bit of the result depends on every bit of what was given (the finisher of splitmix64). */
static uint64_t mix(uint64_t bits) {
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    bits ^= bits >> 31;
    return bits ? bits : 1;
}

/* FNV-1a */
static uint64_t hash_text(const char *text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return mix(hash);
}

/* What is no number will be refused by the database, and is a key by its bytes until then. */
static bool read_number(const char *text, int64_t *ret) {
    char *end;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    bool read = end != text && errno == 0;
    return read && end[strspn(end, " \t\n\v\f\r")] == '\0';
}

struct key key_of(const struct query *query, const char *const *params) {
    struct key key = {.kind = KEY_NONE, .hash = 1};
    if (query->key < 0 || !params[query->key]) return key;
    enum value_type type = query->params[query->key].type;
    key.text = params[query->key];
    bool number = (type == TYPE_BIGINT || type == TYPE_INT) && read_number(key.text, &key.number);
    key.kind = number ? KEY_NUMBER : KEY_TEXT;
    key.hash = number ? mix((uint64_t)key.number) : hash_text(key.text);
    return key;
}

int key_compare(const struct key *a, const struct key *b) {
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->kind == KEY_NUMBER) return (a->number > b->number) - (a->number < b->number);
    return a->kind == KEY_TEXT ? strcmp(a->text, b->text) : 0;
}

/* --- many ------------------------------------------------------------------------------------------- */

void key_set_clear(struct key_set *set) {
    memset(set, 0, sizeof *set);
}

/* Half of the table stays free, so that every search ends soon. */
bool key_set_add(struct key_set *set, const struct key *key) {
    const size_t size = sizeof set->hashes / sizeof *set->hashes;
    if (key->kind == KEY_NONE) return true;
    size_t at = key->hash % size;
    while (set->hashes[at] != 0 && set->hashes[at] != key->hash)
        at = (at + 1) % size;
    if (set->hashes[at] != 0) return false;
    set->hashes[at] = key->hash;
    return true;
}
