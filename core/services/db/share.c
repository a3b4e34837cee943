/* share.c -- what the three classes of a share have in common: options, telling a waiter, and calls that wait
 * too long.
 *
 * Everything that waits in a share has the same patience (wait_ms), so its queues are in the order of their
 * deadlines, and one timer for the oldest call is enough. */

#include "share.h"
#include "../../base/clock.h"
#include <stdlib.h>

/* --- what the classes ask of their share ------------------------------------------------------------ */

const struct pool_options *share_options(const struct share *share) {
    return &share->pool->options;
}

struct connector *share_connector(const struct share *share) {
    return share->pool->connector;
}

int64_t share_timeout_ms(const struct share *share, enum query_class class) {
    const struct pool_options *options = share_options(share);
    return class == QUERY_READ ? options->read_timeout_ms : options->lease_timeout_ms;
}

/* xorshift64 */
uint64_t share_random(struct share *share) {
    share->random ^= share->random << 13;
    share->random ^= share->random >> 7;
    share->random ^= share->random << 17;
    return share->random;
}

void share_tell(struct share *share, struct call *call, struct rows *rows, struct lease *lease,
                const struct err *err) {
    struct share_answer answer = {
        .who = call->who, .query = call->query, .rows = rows, .lease = lease, .err = *err};
    free(call);
    share->done(share->ctx, &answer);
}

void share_line_changed(struct share *share, const struct line *line, bool up) {
    if (up)
        share->connected++;
    else
        share->connected--;
    if (!line->duty->notified) /* the one that listens is nobody's to take */
        meter_set(&share->meters.up[line->duty->class],
                  meter_read(&share->meters.up[line->duty->class]) + (up ? 1u : UINT64_MAX));
    if (line->duty->class == QUERY_LEASE) return;
    if (up)
        atomic_fetch_sub(&share->pool->missing, 1);
    else
        atomic_fetch_add(&share->pool->missing, 1);
}

/* --- waiting too long ------------------------------------------------------------------------------- */

static void expire(struct share *share, struct calls *waiting, enum query_class class, int64_t now_ns) {
    struct err err;
    if (share->problem.code != ERR_OK)
        err_set(&err, ERR_BUSY, "%s", share->problem.text);
    else
        err_set(&err, ERR_BUSY, "no database connection became free in time");
    while (waiting->head && waiting->head->deadline_ns <= now_ns) {
        meter_add(&share->meters.timeouts[class], 1);
        share_tell(share, calls_pop(waiting), NULL, NULL, &err);
    }
}

static void on_expiry(void *ctx) {
    struct share *share = ctx;
    int64_t now_ns = clock_ns();
    share->expiring = false;
    expire(share, &share->reader.waiting, QUERY_READ, now_ns);
    expire(share, &share->batcher.waiting, QUERY_BATCH, now_ns);
    expire(share, &share->leases.waiting, QUERY_LEASE, now_ns);
    share_watch_waiting(share);
}

static int64_t earlier(int64_t deadline_ns, const struct calls *waiting) {
    return waiting->head && waiting->head->deadline_ns < deadline_ns ? waiting->head->deadline_ns
                                                                     : deadline_ns;
}

/* A running timer is for an older call, and starts itself anew for those behind. */
void share_watch_waiting(struct share *share) {
    if (share->expiring) return;
    int64_t first_ns = INT64_MAX;
    first_ns = earlier(first_ns, &share->reader.waiting);
    first_ns = earlier(first_ns, &share->batcher.waiting);
    first_ns = earlier(first_ns, &share->leases.waiting);
    if (first_ns == INT64_MAX) return;
    int64_t delay_ns = first_ns - clock_ns();
    share->expiring = reactor_timer_start(share->reactor, &share->expiry, delay_ns, NULL) == ERR_OK;
}

void share_init(struct share *share) {
    share->expiry = (struct reactor_timer){.fn = on_expiry, .ctx = share};
    share->random = (uint64_t)clock_ns() ^ (uint64_t)(uintptr_t)share;
    if (share->random == 0) share->random = 1;
}
