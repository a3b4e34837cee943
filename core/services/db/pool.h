#ifndef PLATEIA_SERVICES_DB_POOL_H
#define PLATEIA_SERVICES_DB_POOL_H

/* pool.h -- the one pool of database connections of this process, and each worker's share of it.
 *
 * Opened once by main; a second open is refused (the Singleton). A share belongs to one worker's thread and
 * holds
 *
 *   - read: one shared, pipelined connection, read-only, with a short statement_timeout;
 *   - batch: one connection with an advisory-lock slot of its own, one statement in flight;
 *   - lease: a few exclusive connections, for transactions and slow statements.
 *
 * Connections are made by the connector's thread and handed over by mail; they come back after a loss with
 * jittered backoff. Every submitted call is answered exactly once through the share's `done`, in the worker's
 * thread, never from within the submitting function. A call that cannot be taken now is refused by the return
 * value (ERR_BUSY), and done is not called for it. A query must outlive its calls. */

#include "../../base/err.h"
#include "../../base/meter.h"
#include "../../base/ticket.h"
#include "query.h"
#include "rows.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lease;
struct mailbox;
struct pool;
struct reactor;
struct share;

struct pool_options {
    const char *conninfo;
    unsigned leases;          /* exclusive connections a share */
    int64_t read_timeout_ms;  /* statement_timeout of reads; 1 or more, like the next */
    int64_t lease_timeout_ms; /* statement_timeout of leases and batches */
    int64_t wait_ms;          /* longest wait for a lease (then ERR_BUSY), and for a batch to leave */
    unsigned queue;           /* calls that may wait or be in flight, a class and share; beyond: ERR_BUSY */
};

enum err_code pool_open(struct pool **ret, const struct pool_options *options, struct err *err);
void pool_close(struct pool *pool); /* after its shares */
/* True while every open share has its read and batch connections. Any thread. */
bool pool_ready(const struct pool *pool);

/* How a call ended. err.code: ERR_OK with `rows`; ERR_BUSY (no connection, wait too long); ERR_TIMEOUT
 * (statement_timeout); ERR_UNKNOWN (the connection died with a statement in flight that may have been done:
 * batch and lease classes; reads say ERR_BUSY instead); ERR_DATABASE with SQLSTATE. */
struct share_answer {
    struct ticket who;
    const struct query *query; /* what was asked; NULL for share_begin and lease_commit */
    struct rows *rows;         /* the receiver's now; NULL unless a statement succeeded */
    struct lease *lease;       /* of share_begin; the receiver's now, until lease_release */
    struct err err;
};
typedef void share_done(void *ctx, struct share_answer *answer);

enum err_code share_open(struct share **ret, struct pool *pool, struct reactor *reactor,
                         struct mailbox *mailbox, share_done *done, void *ctx, struct err *err);
/* Calls still waiting are dropped without an answer. Before the mailbox goes, and not from within done. */
void share_close(struct share *share);

/* One statement by its query's class: read, batch, or lease (taken and given back by itself). `params` are
 * query->param_count texts (NULL: SQL NULL); for a batch the element, not the array: the share makes the
 * arrays. They are copied before it returns. */
enum err_code share_run(struct share *share, const struct query *query, const char *const *params,
                        struct ticket who, struct err *err);

/* A transaction: the answer brings a lease on which BEGIN has been sent. Statements run one at a time. */
enum err_code share_begin(struct share *share, struct ticket who, struct err *err);
enum err_code lease_run(struct lease *lease, const struct query *query, const char *const *params,
                        struct ticket who, struct err *err);
enum err_code lease_commit(struct lease *lease, struct ticket who, struct err *err);
/* Gives it back from any state, at once and without waiting: open transactions are rolled back, a statement
 * still running is waited out or its connection dropped. NULL is fine. */
void lease_release(struct lease *lease);

/* How it is right now; in the share's thread. */
struct share_counts {
    unsigned connected, read_in_flight, batch_waiting, leases_busy, lease_waiting;
};
void share_count(const struct share *share, struct share_counts *ret);

#define SHARE_CLASSES 3 /* indexes: query_class */

/* What it counts, for whoever watches. A connection that all share is available while it is there, a lease
 * while nobody has it. Statements are those of queries: no BEGIN, COMMIT or ROLLBACK. */
struct share_numbers {
    uint64_t max[SHARE_CLASSES], available[SHARE_CLASSES], waiting[SHARE_CLASSES];
    uint64_t statements[SHARE_CLASSES];
    uint64_t timeouts[SHARE_CLASSES]; /* calls that waited wait_ms in vain */
    uint64_t reconnects;              /* connections that took the place of one that was lost */
    uint64_t splits;                  /* batches that were halved, as a row was refused */
    struct meter_sums acquire;        /* nanoseconds from asking for a lease to having it */
    struct meter_sums rows;           /* calls that left together */
};
/* Adds the share's to *ret. Any thread, from share_open's return to share_close; waits for nobody. */
void share_read(const struct share *share, struct share_numbers *ret);

#endif
