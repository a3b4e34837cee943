#ifndef PLATEIA_SERVICES_CACHE_FILLS_H
#define PLATEIA_SERVICES_CACHE_FILLS_H

/* cache_fills.h -- which keys are being filled right now, until when that is believed, and who waits for it.
 *
 * A table of its own beside the entries: a fill may be for a key that has none yet, and those who wait for it
 * must not be lost when an entry leaves. Private to cache.c, whose lock guards it. Knows no entry. */

#include "cache.h"

#define CACHE_FILLS_BUCKETS 256 /* a power of two; fills are as many as requests that make an answer now */

struct cache_fill {
    struct cache_fill *chain;
    uint64_t hash;
    int64_t until_ns;             /* until then the filler is trusted to come back */
    struct cache_waiter *waiters; /* last come first */
    size_t key_len;
    char key[];
};

/* Zeroed is empty. */
struct cache_fills {
    struct cache_fill *buckets[CACHE_FILLS_BUCKETS];
    size_t count;
};

/* The pointer that points to the key's fill, or to NULL where it would be hung. */
struct cache_fill **cache_fills_find(struct cache_fills *fills, uint64_t hash, const char *key, size_t len);

/* It begins at a place that was found for this key, or once more if it is there. Without memory for it the
 * fill is nobody's secret: the next asker fills too. */
void cache_fills_begin(struct cache_fills *fills, struct cache_fill **at, uint64_t hash, const char *key,
                       size_t len, int64_t now_ns);

/* Takes off the one at that place; or all whose time is over, as a chain (NULL: none). */
struct cache_fill *cache_fills_take(struct cache_fills *fills, struct cache_fill **at);
struct cache_fill *cache_fills_take_overdue(struct cache_fills *fills, int64_t now_ns);
/* Frees one that was taken off; who waited for it comes in front of `more`. */
struct cache_waiter *cache_fill_end(struct cache_fill *fill, struct cache_waiter *more);

/* Takes off those who wait and are of that home. */
struct cache_waiter *cache_fills_leave(struct cache_fills *fills, const void *home);

/* Only without the lock. */
void cache_waiters_wake(struct cache_waiter *waiters, bool live);

#endif
