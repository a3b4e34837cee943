#ifndef PLATEIA_SERVICES_CACHE_H
#define PLATEIA_SERVICES_CACHE_H

/* cache.h -- bytes under a key for a while, one for the whole process, bounded (least recently used leaves
 * first).
 *
 * Values are copied in and out. An entry may carry tags (names of events). cache_drop(tag) makes every entry
 * of that tag old; so that a storm of drops cannot cause a storm of refills, an entry is still served until
 * it is `fresh_ms` old. A fill that began before a drop is recognised by its ticket and counts as old too:
 * nothing stale survives a drop, and a put never replaces an entry whose fill began later.
 *
 * One asker at a time is told to fill (CACHE_MISS) what is old or not there; until it has put or abandoned,
 * or CACHE_FILL_MS passed, the others get the old value (CACHE_STALE) while it has been old for less than
 * stale_ms. Where there is no value to serve they wait (CACHE_WAIT), and are woken to ask again.
 *
 * An entry may be renewed by somebody who does not ask (cache_due), so that no asker has to wait: then the
 * one in use gives its old value to all (CACHE_STALE) until it is replaced, for stale_ms at most. Is there
 * nobody who does it in time, an asker is told to fill. Any thread, after crypto_open. */

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/standing.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

enum cache_result { CACHE_MISS, CACHE_HIT, CACHE_STALE, CACHE_WAIT };

struct cache_found {
    int64_t age_ms;
    int64_t ttl_ms;  /* of HIT and STALE: how long it still is good; negative: how long it has been old */
    bool known;      /* there is an entry, however old */
    uint64_t ticket; /* for cache_put after CACHE_MISS */
    /* Of HIT and STALE: while it holds, asking again would give the same, age_ms and ttl_ms to the second. */
    struct standing standing;
};

/* Someone who can wait: the asker's memory, which is the cache's from CACHE_WAIT on until it is woken. */
struct cache_waiter {
    /* Called once, without the lock, in whatever thread ended the fill; owns the waiter again. Ask anew if
     * live; else the cache or the waiter's home is closing: free, do no work. */
    void (*wake)(struct cache_waiter *waiter, bool live);
    const void *home; /* for cache_leave */
    struct cache_waiter *next;
};

struct cache_rule {
    int64_t ttl_ms;   /* served this long when no tag was dropped */
    int64_t fresh_ms; /* served at least this long even when a tag was dropped */
    int64_t stale_ms; /* old by ttl, or found dropped: served this much longer while someone fills */
    const char *const *tags;
    size_t tag_count; /* at most CACHE_MAX_TAGS */
    bool renew;       /* there is somebody who calls cache_due */
};
#define CACHE_MAX_TAGS 4 /* with the key's own, as many counters as a standing names */
#define CACHE_FILL_MS  10000
#define CACHE_USED     32    /* entries that are renewed: those in use last, ... */
#define CACHE_USED_MS  60000 /* ... if they were asked for within this time */

/* max_bytes counts everything: values, keys, and the cache's own tables (9 KiB and some 1%). */
enum err_code cache_new(struct cache **ret, size_t max_bytes, struct err *err);
void cache_free(struct cache *cache);

/* HIT and STALE append the value to *ret, and say how long they stand. `waiter` may be NULL: CACHE_WAIT then
 * only says that someone fills, and whoever cannot wait may fill as well. now_ns is clock_ns(), given so that
 * tests need not wait.
 */
enum cache_result cache_get(struct cache *cache, const char *key, size_t key_len, int64_t now_ns,
                            struct buf *ret, struct cache_found *found, struct cache_waiter *waiter);
/* ERR_LIMIT when the value alone is larger than an eighth of the cache. A failure removes the old entry. */
enum err_code cache_put(struct cache *cache, const char *key, size_t key_len, const char *value,
                        size_t value_len, const struct cache_rule *rule, uint64_t ticket, int64_t now_ns,
                        struct err *err);
/* The filler gives up: the next asker is told to fill. */
void cache_abandon(struct cache *cache, const char *key, size_t key_len);
void cache_drop(struct cache *cache, const char *tag);
/* Whoever renews: is there an entry in use under a key that begins so, which a drop has made old or which has
 * lived half of its time, and which nobody fills? Then true, the key is appended to *ret_key, and the caller
 * fills as after CACHE_MISS. */
bool cache_due(struct cache *cache, const char *prefix, size_t prefix_len, int64_t now_ns,
               struct buf *ret_key, uint64_t *ret_ticket);
/* Wakes those whose filler has not come back in time; to be called about every second. */
void cache_expire(struct cache *cache, int64_t now_ns);
/* How many entries there are, and their bytes; waits for nobody. */
void cache_size(const struct cache *cache, uint64_t *ret_entries, uint64_t *ret_bytes);
/* Gives back all waiters of that home, which is closing; none of it may be added any more. */
void cache_leave(struct cache *cache, const void *home);

#endif
