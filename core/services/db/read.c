/* read.c -- many readers, one connection: their statements follow each other without waiting for answers.
 *
 * What one turn of the reactor gathers leaves at its end, and shares a Sync: the server runs it in one go, in
 * one transaction, and answers in one packet. When one fails, those behind it under the same Sync are
 * skipped; each of them leaves again at once, with a Sync of its own, so one's failure is its own affair and
 * nobody is skipped twice. Answers stay with the server until its Sync comes, so how many share one is
 * bounded: a slow read holds up those of its own Sync, besides those that come behind it.
 *
 * Reads may be lost and asked again, hence ERR_BUSY whenever the connection goes. */

#include "read.h"
#include "../../base/log.h"
#include "share.h"

#define SYNC_READS 16 /* that share a Sync */

/* False: it was not sent. */
static bool send(struct reader *reader, struct call *call) {
    if (!line_run(&reader->line, call->query, call->params, call->again)) return false;
    call->epoch = conn_epoch(reader->line.conn);
    calls_push(&reader->flight, call);
    return true;
}

static void leave(void *ctx) {
    struct reader *reader = ctx;
    struct call *call;
    unsigned sent = 0;
    while (line_ready(&reader->line) && (call = calls_pop(&reader->waiting))) {
        if (!send(reader, call)) {
            calls_push_front(&reader->waiting, call);
            return;
        }
        if (++sent % SYNC_READS == 0 || !reader->waiting.head) line_sync(&reader->line);
    }
}

static void send_again(struct reader *reader, struct call *call) {
    if (send(reader, call))
        line_sync(&reader->line);
    else
        calls_push(&reader->waiting, call);
}

static void send_anew(struct reader *reader, struct call *call) {
    if (call->epoch == conn_epoch(reader->line.conn)) line_refresh(&reader->line);
    call->again = true;
    send_again(reader, call);
}

/* The client is told what the server says; what to do about it is the operator's to know. */
static void tell_slow(const struct share *share, const struct query *query) {
    log_event(LOG_WARN, "a read took too long", log_text("file", query->file),
              log_int("limit_ms", share_timeout_ms(share, QUERY_READ)),
              log_text("advice", "a statement that may be slow says \"-- class: lease\""));
}

static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct reader *reader = (struct reader *)line;
    if (event == CONN_SYNCED) return;
    struct call *call = calls_pop(&reader->flight);
    if (event == CONN_ANSWER && err->code == ERR_TIMEOUT) tell_slow(line->share, call->query);
    if (event == CONN_ABORTED)
        send_again(reader, call);
    else if (conn_stale(err) && !call->again)
        send_anew(reader, call);
    else
        share_tell(line->share, call, rows, NULL, err);
    share_watch_waiting(line->share);
}

static void on_up(struct line *line) {
    leave(line);
}

static void on_down(struct line *line, const struct err *err) {
    struct reader *reader = (struct reader *)line;
    struct calls lost = calls_take(&reader->flight);
    struct err busy = *err;
    struct call *call;
    busy.code = ERR_BUSY;
    while ((call = calls_pop(&lost)))
        share_tell(line->share, call, NULL, NULL, &busy);
}

static const struct line_duty duty = {QUERY_READ, on_up, on_event, NULL, on_down};

void read_open(struct reader *reader, struct share *share) {
    reader->leaving = (struct reactor_hook){.fn = leave, .ctx = reader};
    line_open(&reader->line, share, &duty);
}

void read_close(struct reader *reader) {
    if (reader->line.share) reactor_hook_remove(reader->line.share->reactor, &reader->leaving);
    line_close(&reader->line);
    calls_drop(&reader->waiting);
    calls_drop(&reader->flight);
}

void read_submit(struct reader *reader, struct call *call) {
    calls_push(&reader->waiting, call);
    reactor_hook_once(reader->line.share->reactor, &reader->leaving);
}
