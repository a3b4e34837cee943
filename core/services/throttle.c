/* throttle.c -- a table of counters, eight to a bucket, and one lock.
 *
 * A key is its hash alone: two keys with one 64-bit hash would share a counter, which nobody can arrange
 * without the secret. The table is as large as it ever will be, so counting cannot fail; a full bucket gives
 * up a window that is over, else the one with the fewest tries. */

#include "throttle.h"
#include "crypto.h"
#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 4096 /* a power of two; 768 KiB in all */
#define PLACES  8

struct counter {
    uint64_t hash;
    int64_t end_ns;
    unsigned count; /* 0: the place is free */
};

struct throttle {
    pthread_mutex_t lock;
    unsigned char secret[CRYPTO_SHORT_KEY];
    struct counter buckets[BUCKETS][PLACES];
};

enum err_code throttle_new(struct throttle **ret, struct err *err) {
    struct throttle *throttle = calloc(1, sizeof *throttle);
    if (!throttle) return err_set(err, ERR_NO_MEMORY, "no memory for throttling");
    pthread_mutex_init(&throttle->lock, NULL);
    crypto_random(throttle->secret, sizeof throttle->secret);
    *ret = throttle;
    return ERR_OK;
}

void throttle_free(struct throttle *throttle) {
    if (!throttle) return;
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

static unsigned tries(const struct counter *counter, int64_t now_ns) {
    return counter->end_ns > now_ns ? counter->count : 0;
}

/* The key's present window, or NULL. */
static struct counter *find(struct throttle *throttle, uint64_t hash, int64_t now_ns) {
    struct counter *places = throttle->buckets[hash & (BUCKETS - 1)];
    for (size_t i = 0; i < PLACES; i++)
        if (places[i].hash == hash && tries(&places[i], now_ns) > 0) return &places[i];
    return NULL;
}

static struct counter *begin(struct throttle *throttle, uint64_t hash, int64_t window_ns, int64_t now_ns) {
    struct counter *places = throttle->buckets[hash & (BUCKETS - 1)], *least = places;
    for (size_t i = 1; i < PLACES; i++)
        if (tries(&places[i], now_ns) < tries(least, now_ns)) least = &places[i];
    *least = (struct counter){.hash = hash, .end_ns = now_ns + window_ns};
    return least;
}

struct throttle_state throttle_take(struct throttle *throttle, const void *key, size_t len, unsigned limit,
                                    int64_t window_ns, int64_t now_ns) {
    uint64_t hash = crypto_short_hash(throttle->secret, key, len);
    if (limit == 0) return (struct throttle_state){.reset_ns = window_ns};
    pthread_mutex_lock(&throttle->lock);
    struct counter *counter = find(throttle, hash, now_ns);
    if (!counter) counter = begin(throttle, hash, window_ns, now_ns);
    struct throttle_state state = {.allowed = counter->count < limit};
    if (state.allowed) counter->count++;
    state.remaining = limit > counter->count ? limit - counter->count : 0;
    state.reset_ns = counter->end_ns - now_ns;
    pthread_mutex_unlock(&throttle->lock);
    return state;
}

void throttle_give_back(struct throttle *throttle, const void *key, size_t len, int64_t now_ns) {
    uint64_t hash = crypto_short_hash(throttle->secret, key, len);
    pthread_mutex_lock(&throttle->lock);
    struct counter *counter = find(throttle, hash, now_ns);
    if (counter) counter->count--;
    pthread_mutex_unlock(&throttle->lock);
}
