#ifndef PLATEIA_BASE_STANDING_H
#define PLATEIA_BASE_STANDING_H

/* standing.h -- whether what was said still stands, found out by anybody without a lock.
 *
 * Whoever says something names the counters that rise when it changes, what they added up to when it was
 * true, and until when it is at most. The counters are atomic, only ever rise, and outlive every standing
 * that names them. A zeroed one never stood. Plain data: copied as one likes. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STANDING_COUNTERS 5

struct standing {
    const atomic_uint_fast64_t *counters[STANDING_COUNTERS];
    size_t count;
    uint64_t sum;
    int64_t until_ns; /* of clock_ns() */
};

static inline uint64_t standing_sum(const struct standing *standing) {
    uint64_t sum = 0;
    for (size_t i = 0; i < standing->count; i++)
        sum += atomic_load_explicit(standing->counters[i], memory_order_acquire);
    return sum;
}

static inline bool standing_holds(const struct standing *standing, int64_t now_ns) {
    return now_ns < standing->until_ns && standing_sum(standing) == standing->sum;
}

#endif
