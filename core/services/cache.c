/* cache.c -- a hash table, a list in order of use, a table of fills under way (cache_fills.h), and one lock.
 *
 * A drop does not look for entries. Every drop gets the next number of one sequence and writes it into its
 * tag's slot; every fill carries the number at which it began. An entry is old when one of its tags was
 * dropped at a later number, whether the drop came while the entry stood here or while it was being made.
 * Tags share a fixed number of slots, so a drop costs the same whatever the cache holds, cannot fail, and
 * forgets nothing; two tags in one slot only cost a needless refill.
 *
 * Those who wait for a fill are taken off under the lock and woken after it.
 *
 * Whoever keeps what it was given needs no lock to learn that it has changed: each tag's slot, and that of
 * each key, has a counter, which rises with a drop, and with whatever comes or goes under the key. Slots are
 * shared here too.
 *
 * Keys hold what clients typed, so they are hashed with a secret. Values are copied under the lock: that is
 * shorter than any cleverness until answers are far larger than they should be. */

#include "cache.h"
#include "../base/clock.h"
#include "../base/meter.h"
#include "cache_fills.h"
#include "crypto.h"
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TAG_SLOTS      1024 /* a power of two */
#define LEAST_BUCKETS  64
#define BYTES_A_BUCKET 1024 /* about what an entry takes */
#define MALLOC_BYTES   16   /* what the allocator adds to a block */
#define CENTURY_MS     (100LL * 365 * 24 * 3600 * 1000)

struct entry {
    struct entry *chain;         /* the next one of the same bucket */
    struct entry *newer, *older; /* in order of use */
    uint64_t hash, ticket;
    int64_t made_ns;
    int64_t dropped_ns; /* when an asker first found it dropped; 0: not yet */
    int64_t ttl_ns, fresh_ns, stale_ns;
    size_t key_len, value_len;
    uint16_t tags[CACHE_MAX_TAGS]; /* slots */
    size_t tag_count;
    /* of those that are renewed */
    bool renew, renewing; /* renewing: it has been given to cache_due's caller */
    size_t used;          /* its place among those in use, from 1; 0: none */
    int64_t used_ns;      /* when it was last asked for */
    int64_t tried_ns;     /* when its renewal last began; 0: never */
    char bytes[];         /* the key, then the value */
};

struct cache {
    pthread_mutex_t lock; /* guards all below */
    struct cache_fills fills;
    struct entry *newest, *oldest;
    struct entry *in_use[CACHE_USED]; /* of those to renew; NULL: a free place */
    size_t used, room;                /* bytes of entries: now, and at most */
    size_t largest;                   /* bytes of one value */
    uint64_t drops;                   /* the sequence */
    uint64_t dropped_at[TAG_SLOTS];
    atomic_uint_fast64_t changes[TAG_SLOTS]; /* read without the lock; by a tag's slot, or a key's hash */
    unsigned char secret[CRYPTO_SHORT_KEY];
    size_t bucket_mask;
    struct meter entries, bytes; /* for those without the lock */
    struct entry *buckets[];
};

static size_t cost(size_t key_len, size_t value_len) {
    return sizeof(struct entry) + MALLOC_BYTES + key_len + value_len;
}

enum err_code cache_new(struct cache **ret, size_t max_bytes, struct err *err) {
    size_t buckets = LEAST_BUCKETS;
    while (buckets < max_bytes / BYTES_A_BUCKET)
        buckets *= 2;
    size_t size = sizeof(struct cache) + buckets * sizeof(struct entry *);
    struct cache *cache = calloc(1, size);
    if (!cache) return err_set(err, ERR_NO_MEMORY, "no memory for a cache");
    pthread_mutex_init(&cache->lock, NULL);
    cache->room = max_bytes > size ? max_bytes - size : 0;
    cache->largest = max_bytes / 8;
    cache->bucket_mask = buckets - 1;
    crypto_random(cache->secret, sizeof cache->secret);
    *ret = cache;
    return ERR_OK;
}

/* The pointer that points to the key's entry, or to NULL where it would be hung. */
static struct entry **find(struct cache *cache, uint64_t hash, const char *key, size_t len) {
    struct entry **at = &cache->buckets[hash & cache->bucket_mask];
    for (; *at; at = &(*at)->chain)
        if ((*at)->hash == hash && (*at)->key_len == len && memcmp((*at)->bytes, key, len) == 0) break;
    return at;
}

static void order_remove(struct cache *cache, struct entry *entry) {
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void order_add(struct cache *cache, struct entry *entry) {
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void note_change(struct cache *cache, uint64_t slot) {
    atomic_fetch_add_explicit(&cache->changes[slot & (TAG_SLOTS - 1)], 1, memory_order_release);
}

/* An entry has come, or gone. */
static void weigh(struct cache *cache, bool come, size_t bytes) {
    cache->used = come ? cache->used + bytes : cache->used - bytes;
    meter_set(&cache->bytes, cache->used);
    if (come)
        meter_add(&cache->entries, 1);
    else
        meter_subtract(&cache->entries, 1);
}

static void discard(struct cache *cache, struct entry **at) {
    struct entry *entry = *at;
    if (entry->used) cache->in_use[entry->used - 1] = NULL;
    note_change(cache, entry->hash);
    *at = entry->chain;
    order_remove(cache, entry);
    weigh(cache, false, cost(entry->key_len, entry->value_len));
    free(entry);
}

static void discard_oldest(struct cache *cache) {
    struct entry **at = &cache->buckets[cache->oldest->hash & cache->bucket_mask];
    while (*at != cache->oldest)
        at = &(*at)->chain;
    discard(cache, at);
}

/* ---- fills ---- */

static struct cache_fill **find_fill(struct cache *cache, uint64_t hash, const char *key, size_t len) {
    return cache_fills_find(&cache->fills, hash, key, len);
}

/* Returns who waited for it; `at` may point to NULL. */
static struct cache_waiter *end_fill(struct cache *cache, struct cache_fill **at) {
    if (!*at) return NULL;
    note_change(cache, (*at)->hash);
    return cache_fill_end(cache_fills_take(&cache->fills, at), NULL);
}

static struct cache_waiter *end_overdue(struct cache *cache, int64_t now_ns) {
    struct cache_fill *fill, *next = cache_fills_take_overdue(&cache->fills, now_ns);
    struct cache_waiter *waiters = NULL;
    while ((fill = next)) {
        next = fill->chain;
        note_change(cache, fill->hash);
        waiters = cache_fill_end(fill, waiters);
    }
    return waiters;
}

void cache_expire(struct cache *cache, int64_t now_ns) {
    pthread_mutex_lock(&cache->lock);
    struct cache_waiter *woken = end_overdue(cache, now_ns);
    pthread_mutex_unlock(&cache->lock);
    cache_waiters_wake(woken, true);
}

void cache_leave(struct cache *cache, const void *home) {
    pthread_mutex_lock(&cache->lock);
    struct cache_waiter *gone = cache_fills_leave(&cache->fills, home);
    pthread_mutex_unlock(&cache->lock);
    cache_waiters_wake(gone, false);
}

void cache_free(struct cache *cache) {
    if (!cache) return;
    while (cache->oldest)
        discard_oldest(cache);
    cache_waiters_wake(end_overdue(cache, INT64_MAX), false);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* ---- how old it is, and what is said of it ---- */

static bool was_dropped(const struct cache *cache, const struct entry *entry) {
    for (size_t i = 0; i < entry->tag_count; i++)
        if (cache->dropped_at[entry->tags[i]] > entry->ticket) return true;
    return false;
}

/* How long the entry has been old, in nanoseconds; negative while it is good. Askers read their clocks before
 * they get the lock, so `now_ns` may lie a little before what others have written into the entry. */
static int64_t old_for(const struct cache *cache, struct entry *entry, int64_t now_ns) {
    int64_t age_ns = now_ns > entry->made_ns ? now_ns - entry->made_ns : 0;
    int64_t by_ttl = age_ns - entry->ttl_ns;
    if (!was_dropped(cache, entry) || age_ns < entry->fresh_ns) return by_ttl;
    if (!entry->dropped_ns || now_ns < entry->dropped_ns) entry->dropped_ns = now_ns;
    int64_t by_drop = now_ns - entry->dropped_ns;
    return by_drop > by_ttl ? by_drop : by_ttl;
}

static bool in_use(const struct entry *entry, int64_t now_ns) {
    return entry->used && now_ns - entry->used_ns < CACHE_USED_MS * CLOCK_NS_PER_MS;
}

/* Somebody renews it, or may be trusted to begin soon. */
static bool is_promised(const struct entry *entry, int64_t old_ns, int64_t now_ns) {
    const int64_t trust_ns = CACHE_FILL_MS * CLOCK_NS_PER_MS;
    if (!entry->renew || !in_use(entry, now_ns)) return false;
    return entry->renewing || old_ns < trust_ns || now_ns - entry->tried_ns < trust_ns;
}

/* What an asker is told while `fill` (NULL: nobody) is under way. */
static enum cache_result judge(int64_t old_ns, const struct entry *entry, const struct cache_fill *fill,
                               int64_t now_ns) {
    if (entry && old_ns < 0) return CACHE_HIT;
    if (entry && old_ns < entry->stale_ns && is_promised(entry, old_ns, now_ns)) return CACHE_STALE;
    if (!fill || now_ns >= fill->until_ns) return CACHE_MISS;
    return entry && old_ns < entry->stale_ns ? CACHE_STALE : CACHE_WAIT;
}

/* Takes a free place among those in use, or that of the one which was asked for longest ago. */
static void take_place(struct cache *cache, struct entry *entry) {
    size_t place = 0;
    for (size_t i = 0; i < CACHE_USED && cache->in_use[place]; i++)
        if (!cache->in_use[i] || cache->in_use[i]->used_ns < cache->in_use[place]->used_ns) place = i;
    if (cache->in_use[place]) cache->in_use[place]->used = 0;
    cache->in_use[place] = entry;
    entry->used = place + 1;
}

static void use(struct cache *cache, struct entry *entry, int64_t now_ns) {
    if (!entry->renew) return;
    entry->used_ns = now_ns;
    if (!entry->used) take_place(cache, entry);
}

static void give(struct cache *cache, struct entry *entry, int64_t now_ns, struct buf *ret) {
    buf_add(ret, entry->bytes + entry->key_len, entry->value_len);
    order_remove(cache, entry);
    order_add(cache, entry);
    use(cache, entry, now_ns);
}

/* ---- how long that stands ---- */

/* Until the whole seconds of its age change, or those of its time to live, which cache.h rounds to
 * milliseconds; or until it becomes old. */
static int64_t same_for(const struct entry *entry, bool dropped, int64_t age_ns, int64_t old_ns) {
    int64_t age_tick = CLOCK_NS_PER_S - age_ns % CLOCK_NS_PER_S;
    int64_t ttl_tick = old_ns < 0
                           ? -old_ns % CLOCK_NS_PER_S + 1
                           : CLOCK_NS_PER_S - (old_ns + CLOCK_NS_PER_S - CLOCK_NS_PER_MS) % CLOCK_NS_PER_S;
    int64_t least = age_tick < ttl_tick ? age_tick : ttl_tick;
    if (dropped && age_ns < entry->fresh_ns && entry->fresh_ns - age_ns < least)
        least = entry->fresh_ns - age_ns;
    if (old_ns < 0 && -old_ns < least) least = -old_ns;
    return least;
}

static struct standing standing_of(const struct cache *cache, const struct entry *entry, int64_t now_ns,
                                   int64_t old_ns) {
    int64_t age_ns = now_ns > entry->made_ns ? now_ns - entry->made_ns : 0;
    struct standing standing = {.until_ns =
                                    now_ns + same_for(entry, was_dropped(cache, entry), age_ns, old_ns)};
    standing.counters[standing.count++] = &cache->changes[entry->hash & (TAG_SLOTS - 1)];
    for (size_t i = 0; i < entry->tag_count; i++)
        standing.counters[standing.count++] = &cache->changes[entry->tags[i]];
    standing.sum = standing_sum(&standing);
    return standing;
}

/* ---- asking ---- */

enum cache_result cache_get(struct cache *cache, const char *key, size_t key_len, int64_t now_ns,
                            struct buf *ret, struct cache_found *found, struct cache_waiter *waiter) {
    uint64_t hash = crypto_short_hash(cache->secret, key, key_len);
    int64_t made_ns = now_ns, old_ns = 0;

    pthread_mutex_lock(&cache->lock);
    struct entry *entry = *find(cache, hash, key, key_len);
    struct cache_fill **fill = find_fill(cache, hash, key, key_len);
    if (entry) old_ns = old_for(cache, entry, now_ns);
    enum cache_result result = judge(old_ns, entry, *fill, now_ns);
    if (result == CACHE_MISS) {
        cache_fills_begin(&cache->fills, fill, hash, key, key_len, now_ns);
    } else if (result == CACHE_WAIT && waiter) {
        waiter->next = (*fill)->waiters;
        (*fill)->waiters = waiter;
    } else if (result != CACHE_WAIT) {
        made_ns = entry->made_ns;
        give(cache, entry, now_ns, ret);
        found->standing = standing_of(cache, entry, now_ns, old_ns);
    }
    found->known = entry != NULL;
    found->ticket = cache->drops;
    pthread_mutex_unlock(&cache->lock);

    found->age_ms = now_ns > made_ns ? (now_ns - made_ns) / CLOCK_NS_PER_MS : 0;
    found->ttl_ms = -old_ns / CLOCK_NS_PER_MS;
    return result;
}

/* ---- filling ---- */

/* Tags are the scripts' own words, so their hash needs no secret. */
static uint16_t tag_slot(const char *tag) {
    static const unsigned char no_secret[CRYPTO_SHORT_KEY];
    return (uint16_t)(crypto_short_hash(no_secret, tag, strlen(tag)) & (TAG_SLOTS - 1));
}

static int64_t duration_ns(int64_t ms) {
    return (ms < CENTURY_MS ? ms : CENTURY_MS) * CLOCK_NS_PER_MS;
}

/* NULL when memory ran out. */
static struct entry *entry_new(const char *key, size_t key_len, const char *value, size_t value_len,
                               const struct cache_rule *rule) {
    struct entry *entry = malloc(sizeof *entry + key_len + value_len);
    if (!entry) return NULL;
    *entry = (struct entry){.key_len = key_len,
                            .value_len = value_len,
                            .ttl_ns = duration_ns(rule->ttl_ms),
                            .fresh_ns = duration_ns(rule->fresh_ms),
                            .stale_ns = duration_ns(rule->stale_ms),
                            .tag_count = rule->tag_count,
                            .renew = rule->renew};
    assert(rule->tag_count <= CACHE_MAX_TAGS);
    for (size_t i = 0; i < rule->tag_count; i++)
        entry->tags[i] = tag_slot(rule->tags[i]);
    memcpy(entry->bytes, key, key_len);
    if (value_len) memcpy(entry->bytes + key_len, value, value_len);
    return entry;
}

/* To be renewed is no use of it; to be made by an asker is one. */
static int64_t last_use(const struct entry *former, const struct entry *entry) {
    return former && former->renewing ? former->used_ns : entry->made_ns;
}

/* Hangs the entry in, in the place of an older one; false when the one that is there began later. */
static bool insert(struct cache *cache, struct entry *entry) {
    struct entry **at = find(cache, entry->hash, entry->bytes, entry->key_len);
    if (*at && (*at)->ticket > entry->ticket) return false;
    int64_t used_ns = last_use(*at, entry);
    if (*at) discard(cache, at);
    weigh(cache, true, cost(entry->key_len, entry->value_len));
    while (cache->used > cache->room)
        discard_oldest(cache);
    at = &cache->buckets[entry->hash & cache->bucket_mask];
    entry->chain = *at;
    *at = entry;
    order_add(cache, entry);
    use(cache, entry, used_ns);
    return true;
}

/* The old value has had its time and the new one cannot be kept. */
static void forget(struct cache *cache, const char *key, size_t key_len) {
    uint64_t hash = crypto_short_hash(cache->secret, key, key_len);
    pthread_mutex_lock(&cache->lock);
    struct entry **at = find(cache, hash, key, key_len);
    if (*at) discard(cache, at);
    struct cache_waiter *woken = end_fill(cache, find_fill(cache, hash, key, key_len));
    pthread_mutex_unlock(&cache->lock);
    cache_waiters_wake(woken, true);
}

enum err_code cache_put(struct cache *cache, const char *key, size_t key_len, const char *value,
                        size_t value_len, const struct cache_rule *rule, uint64_t ticket, int64_t now_ns,
                        struct err *err) {
    if (value_len > cache->largest || cost(key_len, value_len) > cache->room) {
        forget(cache, key, key_len);
        return err_set(err, ERR_LIMIT, "a value of %zu bytes is too large for this cache: it takes up to %zu",
                       value_len, cache->largest);
    }
    struct entry *entry = entry_new(key, key_len, value, value_len, rule);
    if (!entry) {
        forget(cache, key, key_len);
        return err_set(err, ERR_NO_MEMORY, "no memory for a cached value of %zu bytes", value_len);
    }
    entry->hash = crypto_short_hash(cache->secret, key, key_len);
    entry->ticket = ticket;
    entry->made_ns = now_ns;

    pthread_mutex_lock(&cache->lock);
    struct cache_waiter *woken = end_fill(cache, find_fill(cache, entry->hash, key, key_len));
    bool kept = insert(cache, entry);
    pthread_mutex_unlock(&cache->lock);
    if (!kept) free(entry);
    cache_waiters_wake(woken, true);
    return ERR_OK;
}

void cache_abandon(struct cache *cache, const char *key, size_t key_len) {
    uint64_t hash = crypto_short_hash(cache->secret, key, key_len);
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = *find(cache, hash, key, key_len);
    if (entry) entry->renewing = false;
    struct cache_waiter *woken = end_fill(cache, find_fill(cache, hash, key, key_len));
    pthread_mutex_unlock(&cache->lock);
    cache_waiters_wake(woken, true);
}

/* ---- renewing ---- */

static bool is_due(struct cache *cache, const struct entry *entry, const char *prefix, size_t len,
                   int64_t now_ns) {
    if (!entry || entry->renewing || !in_use(entry, now_ns)) return false;
    if (entry->key_len < len || memcmp(entry->bytes, prefix, len) != 0) return false;
    if (*find_fill(cache, entry->hash, entry->bytes, entry->key_len)) return false;
    return was_dropped(cache, entry) || now_ns - entry->made_ns >= entry->ttl_ns / 2;
}

bool cache_due(struct cache *cache, const char *prefix, size_t prefix_len, int64_t now_ns,
               struct buf *ret_key, uint64_t *ret_ticket) {
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < CACHE_USED && !found; i++) {
        struct entry *entry = cache->in_use[i];
        if (!is_due(cache, entry, prefix, prefix_len, now_ns)) continue;
        struct cache_fill **fill = find_fill(cache, entry->hash, entry->bytes, entry->key_len);
        cache_fills_begin(&cache->fills, fill, entry->hash, entry->bytes, entry->key_len, now_ns);
        entry->renewing = found = true;
        entry->tried_ns = now_ns;
        *ret_ticket = cache->drops;
        buf_add(ret_key, entry->bytes, entry->key_len);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* ---- dropping, and size ---- */

void cache_size(const struct cache *cache, uint64_t *ret_entries, uint64_t *ret_bytes) {
    *ret_entries = meter_read(&cache->entries);
    *ret_bytes = meter_read(&cache->bytes);
}

void cache_drop(struct cache *cache, const char *tag) {
    uint16_t slot = tag_slot(tag);
    pthread_mutex_lock(&cache->lock);
    cache->dropped_at[slot] = ++cache->drops;
    note_change(cache, slot);
    pthread_mutex_unlock(&cache->lock);
}
