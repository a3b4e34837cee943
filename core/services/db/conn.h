#ifndef PLATEIA_SERVICES_DB_CONN_H
#define PLATEIA_SERVICES_DB_CONN_H

/* conn.h -- one PostgreSQL connection in a worker's hands: libpq's pipeline mode, never blocking.
 *
 * Statements go out as conn_run or conn_command, closed by conn_sync. What comes back is read with conn_next:
 * for each of them CONN_ANSWER (or CONN_ABORTED, when one before it under the same Sync failed), then
 * CONN_SYNCED for the Sync. An answer is final only at its CONN_SYNCED: the server commits there, and may
 * still fail. Statements are prepared on their first use here, under the same Sync. One thread at a time.
 * Knows nothing of who waits, nor of reactors. */

#include "../../base/err.h"
#include "query.h"
#include "rows.h"
#include <stdbool.h>
#include <stddef.h>

struct conn;
struct pg_conn;
struct pg_result;

enum conn_event {
    CONN_NOTHING, /* until more bytes come */
    CONN_ANSWER,  /* err.code ERR_OK and rows, or ERR_TIMEOUT or ERR_DATABASE */
    CONN_ABORTED, /* was not run: a statement before it failed. Run it again */
    CONN_SYNCED,  /* err.code is not ERR_OK when the commit failed */
    CONN_LOST     /* use no more; err.code is ERR_BUSY when surely nothing was done, else ERR_UNKNOWN */
};

/* Takes a fresh, blocking, idle connection, also on failure (NULL: no memory). `slot` is its advisory-lock
 * slot, or -1. */
struct conn *conn_new(struct pg_conn *pg, enum query_class class, int slot);
void conn_free(struct conn *conn); /* closes it; NULL is fine */

int conn_socket(const struct conn *conn);
int conn_slot(const struct conn *conn);
bool conn_pending(const struct conn *conn); /* something was sent whose answer is not read yet */
bool conn_failed(const struct conn *conn);  /* a transaction is open that can only be rolled back */
/* From now on a write where none may be (25006) is its statement's own fault; else the session is over by it,
 * as its server has become a standby. */
void conn_forgive_writes(struct conn *conn);

/* All false when the connection is lost or memory ran out: it is of no more use. `params` are texts, NULL for
 * SQL NULL, as many as the statement has (with its slot). Nothing of them is kept. */
bool conn_run(struct conn *conn, const struct query *query, const char *const *params);
/* The same without a prepared statement: for the second time, when nothing of the first may be in the way. */
bool conn_run_once(struct conn *conn, const struct query *query, const char *const *params);
bool conn_command(struct conn *conn, const char *sql);
/* Sets application_name (printable ASCII, of less than CONN_NAME_SIZE characters) for one statement that
 * follows under the same Sync; and behind a BEGIN, until that transaction ends. No event comes of it; should
 * it fail, what follows fails as it did. */
#define CONN_NAME_SIZE 64 /* PostgreSQL's own */
bool conn_name_alone(struct conn *conn, const char *name);
bool conn_name_begun(struct conn *conn, const char *name);
bool conn_sync(struct conn *conn);
bool conn_consume(struct conn *conn);
/* *ret_more: bytes are left that wait for the socket to become writable. */
bool conn_flush(struct conn *conn, bool *ret_more);

/* *rows and *err are filled as the event says; the rows are the caller's. */
enum conn_event conn_next(struct conn *conn, struct rows **rows, struct err *err);
/* What the next notification that has come says: the caller's to free; NULL when there is none. After
 * conn_next. */
char *conn_notification(struct conn *conn);
void conn_problem(const struct conn *conn, struct err *err); /* why it was lost; ERR_UNKNOWN */

/* True for the failures that a schema change gives to a prepared statement: refresh, then run it again. */
bool conn_stale(const struct err *err);
/* Forgets all prepared statements, here and on the server; not inside a transaction. A run that was sent
 * before, in an older epoch, needs no refresh of its own. */
bool conn_refresh(struct conn *conn);
unsigned conn_epoch(const struct conn *conn);

/* For connector.c: what a query's parameters are to PostgreSQL (Oids); returns how many. */
int conn_types(const struct query *query, unsigned ret[QUERY_MAX_PARAMS + 1]);

/* For connector.c, and for batch: the making of rows. rows_new takes the result, also on failure. */
struct rows *rows_new(struct pg_result *result);
struct rows *rows_one(struct rows *rows, size_t row); /* that row alone; freed apart; NULL: no memory */
bool rows_rolled_back(const struct rows *rows);       /* the answer to COMMIT when there was a failure */
/* Fills *err from a failed result: ERR_TIMEOUT for 57014, else ERR_DATABASE. */
enum err_code rows_failure(const struct pg_result *result, struct err *err);

#endif
