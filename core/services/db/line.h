#ifndef PLATEIA_SERVICES_DB_LINE_H
#define PLATEIA_SERVICES_DB_LINE_H

/* line.h -- a place for one connection that is kept filled: ordered from the connector, watched by the
 * reactor, thrown away when it is lost or has been silent for too long, and ordered anew with backoff.
 * Private to the pool; in the share's thread.
 *
 * What happens on it is told to its duty (read, batch, lease or listen), always from a reactor's callback and
 * never from within line_run, line_command or line_sync: a send that fails only marks the line, and `down`
 * follows in a later turn. */

#include "../../base/err.h"
#include "../../base/reactor.h"
#include "conn.h"
#include "query.h"
#include <stdbool.h>
#include <stdint.h>

struct connector_job;
struct line;
struct share;

struct line_duty {
    const char *name; /* a word for it */
    enum query_class class;
    void (*up)(struct line *line);
    /* CONN_ANSWER, CONN_ABORTED or CONN_SYNCED of conn.h; the rows are the duty's. */
    void (*event)(struct line *line, enum conn_event event, struct rows *rows, const struct err *err);
    /* NULL: nothing is listened to. */
    void (*notified)(struct line *line, const char *payload);
    /* line->conn is NULL already; err->code is ERR_BUSY when surely nothing was done, else ERR_UNKNOWN. */
    void (*down)(struct line *line, const struct err *err);
};

struct line {
    struct share *share;
    const struct line_duty *duty;
    struct conn *conn; /* NULL: none now */
    /* private */
    struct connector_job *job;
    struct reactor_watch watch;
    struct reactor_timer timer; /* no connection: the next attempt; else: is it still alive? */
    int64_t up_ns, heard_ns;
    unsigned failures;
    bool broken, writing, seen; /* seen: there was a connection before */
};

void line_open(struct line *line, struct share *share, const struct line_duty *duty);
void line_close(struct line *line); /* tells nobody */

/* A line that can be sent to: with a connection that no send has failed on. */
bool line_ready(const struct line *line);
/* False: it was not sent and nothing of it will happen, the line is no longer ready. */
bool line_run(struct line *line, const struct query *query, const char *const *params, bool again);
bool line_command(struct line *line, const char *sql);
/* Until the end of the transaction, which was `begun` or is the next statement's own, pg_stat_activity shows
 * this name (conn.h). */
bool line_name(struct line *line, const char *name, bool begun);
/* Once this was called the statements before it may happen, whatever becomes of the line. */
void line_sync(struct line *line);
void line_refresh(struct line *line); /* conn_refresh */

#endif
