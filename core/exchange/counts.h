#ifndef PLATEIA_EXCHANGE_COUNTS_H
#define PLATEIA_EXCHANGE_COUNTS_H

/* counts.h -- what one worker counts of its scripts: how they ended, and what they were given.
 *
 * Written in the worker's thread, read by any (meter.h). NULL counts nothing. */

#include "../base/meter.h"
#include "route_names.h"

enum counts_cache { COUNTS_HIT, COUNTS_MISS, COUNTS_STALE, COUNTS_COALESCED, COUNTS_CACHE };
enum counts_token { COUNTS_GOOD, COUNTS_EXPIRED, COUNTS_FOREIGN, COUNTS_FAILED, COUNTS_TOKEN };
enum counts_killed { COUNTS_TIME, COUNTS_MEMORY, COUNTS_STACK, COUNTS_TOTAL_TIME, COUNTS_KILLED };

struct counts {
    char apart[64]; /* from the cache line of whoever else's */
    struct meter cache[COUNTS_CACHE];
    struct meter tokens[COUNTS_TOKEN];
    struct meter killed[COUNTS_KILLED];
    struct meter errors[ROUTE_NAMES]; /* by the number of the route */
    char apart_too[64];
};

static inline void counts_cache(struct counts *counts, enum counts_cache what) {
    if (counts) meter_add(&counts->cache[what], 1);
}

static inline void counts_token(struct counts *counts, enum counts_token what) {
    if (counts) meter_add(&counts->tokens[what], 1);
}

static inline void counts_killed(struct counts *counts, enum counts_killed what) {
    if (counts) meter_add(&counts->killed[what], 1);
}

/* A handler answered 500, or an observer failed. */
static inline void counts_error(struct counts *counts, unsigned route) {
    if (counts) meter_add(&counts->errors[route < ROUTE_NAMES ? route : ROUTE_OTHER], 1);
}

#endif
