/* cache_fills.c -- a small hash table of fills, each with a list of those who wait. */

#include "cache_fills.h"
#include "../base/clock.h"
#include <stdlib.h>
#include <string.h>

struct cache_fill **cache_fills_find(struct cache_fills *fills, uint64_t hash, const char *key, size_t len) {
    struct cache_fill **at = &fills->buckets[hash & (CACHE_FILLS_BUCKETS - 1)];
    for (; *at; at = &(*at)->chain)
        if ((*at)->hash == hash && (*at)->key_len == len && memcmp((*at)->key, key, len) == 0) break;
    return at;
}

void cache_fills_begin(struct cache_fills *fills, struct cache_fill **at, uint64_t hash, const char *key,
                       size_t len, int64_t now_ns) {
    if (!*at) {
        struct cache_fill *fill = malloc(sizeof *fill + len);
        if (!fill) return;
        *fill = (struct cache_fill){.hash = hash, .key_len = len};
        memcpy(fill->key, key, len);
        *at = fill;
        fills->count++;
    }
    (*at)->until_ns = now_ns + CACHE_FILL_MS * CLOCK_NS_PER_MS;
}

struct cache_fill *cache_fills_take(struct cache_fills *fills, struct cache_fill **at) {
    struct cache_fill *fill = *at;
    *at = fill->chain;
    fills->count--;
    return fill;
}

struct cache_fill *cache_fills_take_overdue(struct cache_fills *fills, int64_t now_ns) {
    struct cache_fill *overdue = NULL;
    for (size_t i = 0; i < CACHE_FILLS_BUCKETS && fills->count > 0; i++)
        for (struct cache_fill **at = &fills->buckets[i]; *at;) {
            if ((*at)->until_ns > now_ns) {
                at = &(*at)->chain;
                continue;
            }
            struct cache_fill *fill = cache_fills_take(fills, at);
            fill->chain = overdue;
            overdue = fill;
        }
    return overdue;
}

struct cache_waiter *cache_fill_end(struct cache_fill *fill, struct cache_waiter *more) {
    struct cache_waiter *waiters = fill->waiters, **end = &waiters;
    if (more) {
        while (*end)
            end = &(*end)->next;
        *end = more;
    }
    free(fill);
    return waiters;
}

/* Moves those of `home` from the list to *ret. */
static void take_home(struct cache_waiter **list, const void *home, struct cache_waiter **ret) {
    while (*list) {
        struct cache_waiter *waiter = *list;
        if (waiter->home != home) {
            list = &waiter->next;
            continue;
        }
        *list = waiter->next;
        waiter->next = *ret;
        *ret = waiter;
    }
}

struct cache_waiter *cache_fills_leave(struct cache_fills *fills, const void *home) {
    struct cache_waiter *gone = NULL;
    for (size_t i = 0; i < CACHE_FILLS_BUCKETS && fills->count > 0; i++)
        for (struct cache_fill *fill = fills->buckets[i]; fill; fill = fill->chain)
            take_home(&fill->waiters, home, &gone);
    return gone;
}

void cache_waiters_wake(struct cache_waiter *waiters, bool live) {
    while (waiters) {
        struct cache_waiter *waiter = waiters;
        waiters = waiter->next;
        waiter->wake(waiter, live);
    }
}
