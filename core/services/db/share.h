#ifndef PLATEIA_SERVICES_DB_SHARE_H
#define PLATEIA_SERVICES_DB_SHARE_H

/* share.h -- one worker's share from the inside: its three classes of lines, and what they have in common.
 * Private to the pool; in the share's thread. */

#include "../../base/meter.h"
#include "../../base/reactor.h"
#include "batch.h"
#include "call.h"
#include "lease.h"
#include "line.h"
#include "pool.h"
#include "read.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connector;

struct pool {
    struct pool_options options;
    struct connector *connector;
    atomic_uint shares;
    atomic_uint missing; /* read and batch lines of open shares that have no connection */
};

/* Counted in the share's thread. */
struct share_meters {
    struct meter up[SHARE_CLASSES]; /* connections that are there */
    struct meter statements[SHARE_CLASSES], timeouts[SHARE_CLASSES];
    struct meter busy; /* leases that are taken */
    struct meter reconnects, splits;
    struct meter_spread acquire, rows; /* nanoseconds until a lease was there; calls of a batch */
};

struct share {
    struct pool *pool;
    struct reactor *reactor;
    struct mailbox *mailbox;
    share_done *done;
    void *ctx;
    struct err problem; /* why the latest attempt to connect failed; ERR_OK after one that did not */

    struct reader reader;
    struct batcher batcher;
    struct leases leases;

    struct share_meters meters;

    /* private */
    struct reactor_timer expiry; /* for the call that has waited longest */
    bool expiring;
    unsigned connected;
    uint64_t random;
};

/* The part of opening that is nobody's but the share's own. */
void share_init(struct share *share);
const struct pool_options *share_options(const struct share *share);
struct connector *share_connector(const struct share *share);
int64_t share_timeout_ms(const struct share *share, enum query_class class);
uint64_t share_random(struct share *share); /* for jitter only */

/* Frees the call and tells its waiter. `rows` and `lease` become the waiter's. Only from a reactor's
 * callback. */
void share_tell(struct share *share, struct call *call, struct rows *rows, struct lease *lease,
                const struct err *err);
/* To be called after something was left in a queue of waiting calls. */
void share_watch_waiting(struct share *share);
void share_line_changed(struct share *share, const struct line *line, bool up);

#endif
