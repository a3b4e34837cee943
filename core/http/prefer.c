/* prefer.c -- walks through a header's list, "name;q=0.5, name, *;q=0". */

#include "prefer.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define FULL   1000

struct wish {
    const char *name;
    size_t len;
    int weight; /* thousandths */
};

/* "0.8" -> 800. What is no weight counts in full. */
static int weight_of(const char *text) {
    if (*text != '0' && *text != '1') return FULL;
    int weight = (*text - '0') * FULL;
    if (text[1] == '.')
        for (int digit = 100, i = 2; digit > 0 && text[i] >= '0' && text[i] <= '9'; digit /= 10, i++)
            weight += (text[i] - '0') * digit;
    return weight > FULL ? FULL : weight;
}

/* The next of the list, from *at on; false at its end. */
static bool next_wish(const char **at, struct wish *ret) {
    const char *name = *at + strspn(*at, BLANKS ",");
    if (!*name) return false;
    const char *end = name + strcspn(name, ",");
    *ret = (struct wish){.name = name, .len = strcspn(name, BLANKS ";,"), .weight = FULL};
    for (const char *c = name + ret->len + 1; c < end; c++)
        if (strchr(BLANKS ";", c[-1]) && (c[0] == 'q' || c[0] == 'Q') && c[1] == '=')
            ret->weight = weight_of(c + 2);
    *at = end;
    return true;
}

static bool is(const struct wish *wish, size_t len, const char *name) {
    return strlen(name) == len && strncasecmp(wish->name, name, len) == 0;
}

bool prefer_coding(const char *accept_encoding, const char *coding) {
    struct wish wish;
    bool any = false;
    if (!accept_encoding) return false;
    while (next_wish(&accept_encoding, &wish)) {
        if (is(&wish, wish.len, coding)) return wish.weight > 0;
        if (is(&wish, wish.len, "*")) any = wish.weight > 0;
    }
    return any;
}

size_t prefer_language(const char *accept_language, const char *const *tags, size_t count) {
    struct wish wish;
    size_t best = 0;
    int weight = 0;
    if (!accept_language) return 0;
    while (next_wish(&accept_language, &wish)) {
        size_t primary = strcspn(wish.name, "-" BLANKS ";,");
        for (size_t i = 0; i < count; i++)
            if (wish.weight > weight && is(&wish, primary, tags[i])) {
                best = i;
                weight = wish.weight;
            }
    }
    return best;
}

bool prefer_none_match(const char *if_none_match, const char *etag) {
    struct wish wish;
    if (!if_none_match) return false;
    while (next_wish(&if_none_match, &wish)) {
        size_t weak = strncmp(wish.name, "W/", 2) == 0 ? 2 : 0;
        if (is(&wish, wish.len, "*")) return true;
        if (strlen(etag) == wish.len - weak && strncmp(wish.name + weak, etag, wish.len - weak) == 0)
            return true;
    }
    return false;
}
