#ifndef PLATEIA_SERVICES_DB_KEY_H
#define PLATEIA_SERVICES_DB_KEY_H

/* key.h -- what a batched call is about (the header's "key"): calls of one batch are in the order of their
 * keys, and no two have the same. Private to the pool.
 *
 * bigint and int are read as the database reads them, so 7 and "07" are one key and 9 comes before 10;
 * whatever else goes by its bytes. SQL NULL is nobody's key: it equals nothing, and comes last. */

#include "query.h"
#include <stdbool.h>
#include <stdint.h>

enum key_kind { KEY_NUMBER, KEY_TEXT, KEY_NONE };

struct key {
    enum key_kind kind;
    int64_t number;
    const char *text; /* the parameter itself */
    uint64_t hash;    /* never 0 */
};

/* Of a query's call; KEY_NONE where the query has no key. The text stays the caller's and must live as long.
 */
struct key key_of(const struct query *query, const char *const *params);
int key_compare(const struct key *a, const struct key *b); /* <0, 0, >0 */

/* Which keys are there already; by their hashes, as it costs nothing but a batch's time to take two for one.
 */
#define KEY_SET_KEYS 256
struct key_set {
    uint64_t hashes[2 * KEY_SET_KEYS]; /* 0: free */
};

void key_set_clear(struct key_set *set);
/* False when it was there before. At most KEY_SET_KEYS. */
bool key_set_add(struct key_set *set, const struct key *key);

#endif
