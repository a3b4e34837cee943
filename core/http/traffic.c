/* traffic.c -- an open table. A series is shown by its key, which is stored last. */

#include "traffic.h"
#include "../exchange/route_names.h"
#include <stdlib.h>
#include <string.h>

/* Of the places: beyond the first, routes share a series; the last is nobody's. */
#define NAMED_MOST (TRAFFIC_SERIES / 4 * 3)
#define MOST       (TRAFFIC_SERIES - 8)

/* A status takes ten bits, a method four. Never 0. */
static uint64_t key_of(enum method method, unsigned route, int status) {
    return (uint64_t)route << 15 | (uint64_t)method << 11 | ((uint64_t)status & 1023) << 1 | 1;
}
#define KEY_OF_NOBODY (key_of(METHOD_COUNT, ROUTE_OTHER, 0))

enum err_code traffic_new(struct traffic **ret, struct err *err) {
    struct traffic *traffic = calloc(1, sizeof *traffic);
    if (!traffic) return err_set(err, ERR_NO_MEMORY, "no memory for counting requests");
    *ret = traffic;
    return ERR_OK;
}

void traffic_free(struct traffic *traffic) {
    free(traffic);
}

/* Its series, or the free place for it: there is always one. */
static struct traffic_series *find(struct traffic *traffic, uint64_t key) {
    size_t place = (size_t)(key * 0x9e3779b97f4a7c15u >> 40);
    for (;; place++) {
        struct traffic_series *series = &traffic->series[place & (TRAFFIC_SERIES - 1)];
        uint64_t taken = meter_read(&series->key);
        if (taken == key || taken == 0) return series;
    }
}

static struct traffic_series *begin(struct traffic *traffic, struct traffic_series *place, uint64_t key) {
    traffic->used++;
    atomic_store_explicit(&place->key.number, key, memory_order_release);
    return place;
}

/* One that was not seen before. */
static struct traffic_series *make_room(struct traffic *traffic, struct traffic_series *place, uint64_t key,
                                        uint64_t shared) {
    if (traffic->used < NAMED_MOST) return begin(traffic, place, key);
    place = find(traffic, shared);
    if (meter_read(&place->key)) return place;
    if (traffic->used < MOST) return begin(traffic, place, shared);
    place = find(traffic, KEY_OF_NOBODY);
    return meter_read(&place->key) ? place : begin(traffic, place, KEY_OF_NOBODY);
}

void traffic_count(struct traffic *traffic, enum method method, unsigned route, int status, int64_t ns) {
    uint64_t key = key_of(method, route, status);
    struct traffic_series *series = find(traffic, key);
    if (meter_read(&series->key) == 0)
        series = make_room(traffic, series, key, key_of(method, ROUTE_OTHER, status));
    meter_observe(&series->durations, &meter_durations, ns > 0 ? (uint64_t)ns : 0);
}

/* ---- reading ---- */

static int by_kind(const void *a, const void *b) {
    const struct traffic_kind *left = a, *right = b;
    if (left->route != right->route) return left->route < right->route ? -1 : 1;
    if (left->method != right->method) return left->method < right->method ? -1 : 1;
    return (left->status > right->status) - (left->status < right->status);
}

static void add(struct meter_sums *sums, const struct meter_sums *more) {
    sums->sum += more->sum;
    for (size_t i = 0; i <= METER_BOUNDS; i++)
        sums->within[i] += more->within[i];
}

static size_t merge(struct traffic_kind *kinds, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept > 0 && by_kind(&kinds[kept - 1], &kinds[i]) == 0)
            add(&kinds[kept - 1].durations, &kinds[i].durations);
        else
            kinds[kept++] = kinds[i];
    return kept;
}

static size_t collect(const struct traffic *traffic, struct traffic_kind *ret) {
    size_t count = 0;
    for (size_t i = 0; i < TRAFFIC_SERIES; i++) {
        const struct traffic_series *series = &traffic->series[i];
        uint64_t key = atomic_load_explicit(&series->key.number, memory_order_acquire);
        if (key == 0) continue;
        ret[count] = (struct traffic_kind){.method = (enum method)(key >> 11 & 15),
                                           .route = (unsigned)(key >> 15),
                                           .status = (int)(key >> 1 & 1023)};
        meter_sum(&ret[count++].durations, &series->durations);
    }
    return count;
}

enum err_code traffic_sum(const struct traffic *const *all, size_t count, struct traffic_kind **ret,
                          size_t *ret_count, struct err *err) {
    size_t found = 0;
    struct traffic_kind *kinds = calloc(count ? count : 1, TRAFFIC_SERIES * sizeof *kinds);
    if (!kinds) return err_set(err, ERR_NO_MEMORY, "no memory for adding requests up");
    for (size_t i = 0; i < count; i++)
        found += collect(all[i], kinds + found);
    qsort(kinds, found, sizeof *kinds, by_kind);
    *ret_count = merge(kinds, found);
    *ret = kinds;
    return ERR_OK;
}
