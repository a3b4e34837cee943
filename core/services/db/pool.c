/* pool.c -- the pool is little more than what the shares have in common: the options, the connector, and how
 * many lines are missing. The work is in the shares, each in its own thread, and they share nothing else. */

#include "pool.h"
#include "../../base/clock.h"
#include "connector.h"
#include "share.h"
#include <stdlib.h>

static atomic_flag pool_exists = ATOMIC_FLAG_INIT;

enum err_code pool_open(struct pool **ret, const struct pool_options *options, struct err *err) {
    if (atomic_flag_test_and_set(&pool_exists))
        return err_set(err, ERR_EXISTS, "this process has its database pool already");
    enum err_code code = ERR_NO_MEMORY;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        err_set(err, code, "no memory for the database pool");
        goto out;
    }
    if ((code = connector_open(&pool->connector, options->conninfo, err)) != ERR_OK) goto out;
    pool->options = *options;
    pool->options.conninfo = NULL; /* the connector has its own copy */
    *ret = pool;
    return ERR_OK;
out:
    free(pool);
    atomic_flag_clear(&pool_exists);
    return code;
}

void pool_close(struct pool *pool) {
    if (!pool) return;
    connector_close(pool->connector);
    free(pool);
    atomic_flag_clear(&pool_exists);
}

bool pool_ready(const struct pool *pool) {
    return atomic_load(&pool->shares) > 0 && atomic_load(&pool->missing) == 0;
}

/* --- the share -------------------------------------------------------------------------------------- */

enum err_code share_open(struct share **ret, struct pool *pool, struct reactor *reactor,
                         struct mailbox *mailbox, share_done *done, void *ctx, struct err *err) {
    struct share *share = calloc(1, sizeof *share);
    if (!share) return err_set(err, ERR_NO_MEMORY, "no memory for a share of the database pool");
    *share = (struct share){.pool = pool, .reactor = reactor, .mailbox = mailbox, .done = done, .ctx = ctx};
    share_init(share);
    enum err_code code = leases_open(&share->leases, share, err);
    if (code) {
        free(share);
        return code;
    }
    atomic_fetch_add(&pool->missing, 2);
    atomic_fetch_add(&pool->shares, 1);
    read_open(&share->reader, share);
    batch_open(&share->batcher, share);
    *ret = share;
    return ERR_OK;
}

void share_close(struct share *share) {
    if (!share) return;
    unsigned missing = (share->reader.line.conn ? 0u : 1u) + (share->batcher.line.conn ? 0u : 1u);
    reactor_timer_stop(share->reactor, &share->expiry);
    read_close(&share->reader);
    batch_close(&share->batcher);
    leases_close(&share->leases);
    atomic_fetch_sub(&share->pool->shares, 1);
    atomic_fetch_sub(&share->pool->missing, missing);
    free(share);
}

static unsigned taken(const struct share *share, enum query_class class) {
    switch (class) {
    case QUERY_READ: return calls_count(&share->reader.waiting) + calls_count(&share->reader.flight);
    case QUERY_BATCH: return calls_count(&share->batcher.waiting) + (unsigned)share->batcher.count;
    default: return calls_count(&share->leases.waiting);
    }
}

static void submit(struct share *share, enum query_class class, struct call *call) {
    switch (class) {
    case QUERY_READ: read_submit(&share->reader, call); break;
    case QUERY_BATCH: batch_submit(&share->batcher, call); break;
    case QUERY_LEASE: leases_submit(&share->leases, call); break;
    }
    share_watch_waiting(share);
}

static enum err_code enter(struct share *share, enum query_class class, const struct query *query,
                           const char *const *params, struct ticket who, struct err *err) {
    const struct pool_options *options = share_options(share);
    if (taken(share, class) >= options->queue)
        return err_set(err, ERR_BUSY, "too many calls wait for the database");
    int64_t deadline_ns = clock_ns() + options->wait_ms * CLOCK_NS_PER_MS;
    struct call *call = call_new(query, params, who, deadline_ns);
    if (!call) return err_set(err, ERR_NO_MEMORY, "no memory for a statement");
    submit(share, class, call);
    return ERR_OK;
}

enum err_code share_run(struct share *share, const struct query *query, const char *const *params,
                        struct ticket who, struct err *err) {
    return enter(share, query->class, query, params, who, err);
}

enum err_code share_begin(struct share *share, struct ticket who, struct err *err) {
    return enter(share, QUERY_LEASE, NULL, NULL, who, err);
}

void share_count(const struct share *share, struct share_counts *ret) {
    *ret = (struct share_counts){
        .connected = share->connected,
        .read_in_flight = calls_count(&share->reader.flight),
        .batch_waiting = calls_count(&share->batcher.waiting),
        .leases_busy = leases_busy(&share->leases),
        .lease_waiting = calls_count(&share->leases.waiting),
    };
}

/* A lease that is held may have lost its connection: it is then neither. */
static uint64_t free_leases(const struct share_meters *meters) {
    uint64_t up = meter_read(&meters->up[QUERY_LEASE]), busy = meter_read(&meters->busy);
    return up > busy ? up - busy : 0;
}

void share_read(const struct share *share, struct share_numbers *ret) {
    const struct share_meters *meters = &share->meters;
    ret->max[QUERY_READ]++;
    ret->max[QUERY_BATCH]++;
    ret->max[QUERY_LEASE] += share->leases.count;
    ret->available[QUERY_READ] += meter_read(&meters->up[QUERY_READ]);
    ret->available[QUERY_BATCH] += meter_read(&meters->up[QUERY_BATCH]);
    ret->available[QUERY_LEASE] += free_leases(meters);
    ret->waiting[QUERY_READ] += calls_count(&share->reader.waiting);
    ret->waiting[QUERY_BATCH] += calls_count(&share->batcher.waiting);
    ret->waiting[QUERY_LEASE] += calls_count(&share->leases.waiting);
    for (size_t i = 0; i < SHARE_CLASSES; i++) {
        ret->statements[i] += meter_read(&meters->statements[i]);
        ret->timeouts[i] += meter_read(&meters->timeouts[i]);
    }
    ret->reconnects += meter_read(&meters->reconnects);
    ret->splits += meter_read(&meters->splits);
    meter_sum(&ret->acquire, &meters->acquire);
    meter_sum(&ret->rows, &meters->rows);
}
