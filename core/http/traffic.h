#ifndef PLATEIA_HTTP_TRAFFIC_H
#define PLATEIA_HTTP_TRAFFIC_H

/* traffic.h -- how many requests of which kind one worker has answered, and how long they took.
 *
 * Counted by method, route and status, in a table of fixed size that belongs to the worker's thread: no lock,
 * no allocation. What does not fit any more is counted with the route "other", and where even that has no
 * place, as method, route and status 0 of nobody. Any thread may read meanwhile (meter.h). */

#include "../base/err.h"
#include "../base/meter.h"
#include "../exchange/request.h"
#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_SERIES 512 /* a power of two */

struct traffic_series {
    struct meter key; /* traffic_key; 0: free */
    struct meter_spread durations;
};

struct traffic {
    char apart[64];           /* from the cache line of whoever else's counts */
    struct meter active;      /* requests whose answer has not left */
    struct meter connections; /* that are open */
    struct meter kept;        /* answers that stood and were given again (ready.h) */
    size_t used;
    struct traffic_series series[TRAFFIC_SERIES];
    char apart_too[64];
};

enum err_code traffic_new(struct traffic **ret, struct err *err);
void traffic_free(struct traffic *traffic); /* NULL is fine */

/* The worker's thread: a request of this kind has ended. `route` is a number of route_names.h. */
void traffic_count(struct traffic *traffic, enum method method, unsigned route, int status, int64_t ns);

/* One kind, summed over workers. */
struct traffic_kind {
    enum method method; /* METHOD_COUNT: none of ours */
    unsigned route;
    int status; /* 0: of no place in the table */
    struct meter_sums durations;
};
/* All kinds, sorted by route, method and status; a new list, for free(). */
enum err_code traffic_sum(const struct traffic *const *all, size_t count, struct traffic_kind **ret,
                          size_t *ret_count, struct err *err);

#endif
