/* line.c -- one timer serves both lives of a line, as it has only one at a time: while there is no connection
 * it is the backoff, while there is one it looks now and then whether an answer is overdue. The server ends
 * statements by its own timeout; when even that answer does not come, the server or the way to it is gone in
 * a manner that TCP may take minutes to notice.
 *
 * A connection that lived for a while resets the backoff, so one that is accepted and then thrown out at once
 * is not asked for in a tight loop. */

#include "line.h"
#include "../../base/clock.h"
#include "connector.h"
#include "share.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define BACKOFF_LEAST_MS 100
#define BACKOFF_MOST_MS  5000
#define SETTLED_MS       5000 /* a connection this old has proved itself */
#define SILENCE_MS       5000 /* beyond the statement timeout */

static void order(struct line *line);

/* Half of it fixed, half of it drawn: a crowd of lines that lost one server does not come back as one. */
static int64_t backoff_ns(struct line *line) {
    unsigned doublings = line->failures < 6 ? line->failures : 6;
    int64_t most_ms = BACKOFF_LEAST_MS << doublings;
    if (most_ms > BACKOFF_MOST_MS) most_ms = BACKOFF_MOST_MS;
    int64_t half_ns = most_ms * CLOCK_NS_PER_MS / 2;
    return half_ns + (int64_t)(share_random(line->share) % (uint64_t)half_ns);
}

static int64_t patience_ns(const struct line *line) {
    return (share_timeout_ms(line->share, line->duty->class) + SILENCE_MS) * CLOCK_NS_PER_MS;
}

static void order_later(struct line *line) {
    int64_t delay_ns = backoff_ns(line);
    line->failures++;
    if (reactor_timer_start(line->share->reactor, &line->timer, delay_ns, NULL) != ERR_OK) order(line);
}

static void lose(struct line *line, const struct err *err) {
    struct conn *conn = line->conn;
    struct err why = *err;
    reactor_watch_remove(line->share->reactor, &line->watch);
    line->conn = NULL;
    conn_free(conn);
    if (clock_ns() - line->up_ns > SETTLED_MS * CLOCK_NS_PER_MS) line->failures = 0;
    share_line_changed(line->share, line, false);
    order_later(line);
    line->duty->down(line, &why);
}

static void lose_broken(struct line *line) {
    struct err err;
    conn_problem(line->conn, &err);
    lose(line, &err);
}

/* Only marks it: whoever is sending must not be told in the middle of it. If the timer cannot be started, the
 * watch will find the dead socket. */
static void mark_broken(struct line *line) {
    line->broken = true;
    reactor_timer_start(line->share->reactor, &line->timer, 0, NULL);
}

/* --- with a connection ------------------------------------------------------------------------------ */

bool line_ready(const struct line *line) {
    return line->conn && !line->broken;
}

/* An idle line's silence is no reason to worry; its patience starts with the first statement. */
static bool begin_send(struct line *line) {
    if (!line_ready(line)) return false;
    if (!conn_pending(line->conn)) line->heard_ns = clock_ns();
    return true;
}

bool line_run(struct line *line, const struct query *query, const char *const *params, bool again) {
    if (!begin_send(line)) return false;
    if (!(again ? conn_run_once : conn_run)(line->conn, query, params)) mark_broken(line);
    if (!line->broken) meter_add(&line->share->meters.statements[line->duty->class], 1);
    return !line->broken;
}

bool line_command(struct line *line, const char *sql) {
    if (!begin_send(line)) return false;
    if (!conn_command(line->conn, sql)) mark_broken(line);
    return !line->broken;
}

bool line_name(struct line *line, const char *name, bool begun) {
    if (!begin_send(line)) return false;
    if (!(begun ? conn_name_begun : conn_name_alone)(line->conn, name)) mark_broken(line);
    return !line->broken;
}

static void flush(struct line *line) {
    bool more = false;
    if (!conn_flush(line->conn, &more)) mark_broken(line);
    if (more == line->writing) return;
    uint32_t events = more ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (reactor_watch_change(line->share->reactor, &line->watch, events, NULL) != ERR_OK) mark_broken(line);
    line->writing = more;
}

void line_sync(struct line *line) {
    if (!conn_sync(line->conn))
        mark_broken(line);
    else
        flush(line);
}

void line_refresh(struct line *line) {
    if (!begin_send(line)) return;
    if (!conn_refresh(line->conn))
        mark_broken(line);
    else
        flush(line);
}

static void tell_notifications(struct line *line) {
    char *payload;
    while ((payload = conn_notification(line->conn))) {
        line->duty->notified(line, payload);
        free(payload);
    }
}

/* libpq wants its input read before its output is pushed, whichever woke us. */
static void on_socket(void *ctx, uint32_t events) {
    (void)events;
    struct line *line = ctx;
    struct rows *rows = NULL;
    struct err err;
    line->heard_ns = clock_ns();
    if (!conn_consume(line->conn)) {
        lose_broken(line);
        return;
    }
    enum conn_event event;
    while ((event = conn_next(line->conn, &rows, &err)) != CONN_NOTHING) {
        if (event == CONN_LOST) {
            lose(line, &err);
            return;
        }
        line->duty->event(line, event, rows, &err);
    }
    if (line->duty->notified) tell_notifications(line);
    flush(line);
}

static void on_timer(void *ctx) {
    struct line *line = ctx;
    if (!line->conn)
        order(line);
    else if (line->broken)
        lose_broken(line);
    else if (conn_pending(line->conn) && clock_ns() - line->heard_ns > patience_ns(line)) {
        struct err err;
        err_set(&err, ERR_UNKNOWN, "the database has been silent for too long");
        lose(line, &err);
    } else
        reactor_timer_start(line->share->reactor, &line->timer, patience_ns(line), NULL);
}

/* --- without one ------------------------------------------------------------------------------------ */

static bool seat(struct line *line, struct conn *conn, struct err *err) {
    enum err_code code =
        reactor_watch_add(line->share->reactor, &line->watch, conn_socket(conn), EPOLLIN, err);
    if (code) return false;
    if (reactor_timer_start(line->share->reactor, &line->timer, patience_ns(line), err) == ERR_OK)
        return true;
    reactor_watch_remove(line->share->reactor, &line->watch);
    return false;
}

static void on_connected(void *ctx, struct conn *conn, const struct err *problem) {
    struct line *line = ctx;
    struct err err = *problem;
    line->job = NULL;
    if (!conn || !seat(line, conn, &err)) {
        conn_free(conn);
        line->share->problem = err;
        order_later(line);
        return;
    }
    line->conn = conn;
    line->broken = line->writing = false;
    line->up_ns = line->heard_ns = clock_ns();
    line->share->problem.code = ERR_OK;
    if (line->seen) meter_add(&line->share->meters.reconnects, 1);
    line->seen = true;
    share_line_changed(line->share, line, true);
    line->duty->up(line);
}

static void order(struct line *line) {
    struct share *share = line->share;
    struct connector_order wanted = {
        .class = line->duty->class,
        .statement_timeout_ms = share_timeout_ms(share, line->duty->class),
        .mailbox = share->mailbox,
        .done = on_connected,
        .ctx = line,
    };
    snprintf(wanted.name, sizeof wanted.name, "plateia %s %u", line->duty->name, share->index);
    if (connector_submit(share_connector(share), &wanted, &line->job, &share->problem) != ERR_OK)
        reactor_timer_start(share->reactor, &line->timer, BACKOFF_MOST_MS * CLOCK_NS_PER_MS, NULL);
}

void line_open(struct line *line, struct share *share, const struct line_duty *duty) {
    *line = (struct line){.share = share, .duty = duty};
    line->watch = (struct reactor_watch){.fn = on_socket, .ctx = line};
    line->timer = (struct reactor_timer){.fn = on_timer, .ctx = line};
    order(line);
}

void line_close(struct line *line) {
    if (!line->share) return;
    connector_cancel(share_connector(line->share), line->job);
    reactor_timer_stop(line->share->reactor, &line->timer);
    if (line->conn) reactor_watch_remove(line->share->reactor, &line->watch);
    conn_free(line->conn);
    line->conn = NULL;
}
