/* read.c -- many readers, one connection: their statements follow each other without waiting for answers.
 *
 * Each has a Sync of its own, so that one's failure is its own affair. Nothing here relies on that: calls
 * that were skipped because another failed under the same Sync simply leave again, so how many share one is
 * decided in `leave` alone. Reads may be lost and asked again, hence ERR_BUSY whenever the connection goes.
 */

#include "read.h"
#include "share.h"

static void leave(struct reader *reader) {
    struct call *call;
    while (line_ready(&reader->line) && (call = calls_pop(&reader->waiting))) {
        if (!line_run(&reader->line, call->query, call->params, call->again)) {
            calls_push_front(&reader->waiting, call);
            return;
        }
        call->epoch = conn_epoch(reader->line.conn);
        calls_push(&reader->flight, call);
        line_sync(&reader->line);
    }
}

static void run_again(struct reader *reader, struct call *call) {
    if (call->epoch == conn_epoch(reader->line.conn)) line_refresh(&reader->line);
    call->again = true;
    calls_push(&reader->waiting, call);
}

static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct reader *reader = (struct reader *)line;
    if (event == CONN_SYNCED) {
        leave(reader);
        return;
    }
    struct call *call = calls_pop(&reader->flight);
    if (event == CONN_ABORTED)
        calls_push(&reader->waiting, call);
    else if (conn_stale(err) && !call->again)
        run_again(reader, call);
    else
        share_tell(line->share, call, rows, NULL, err);
    share_watch_waiting(line->share);
}

static void on_up(struct line *line) {
    leave((struct reader *)line);
}

static void on_down(struct line *line, const struct err *err) {
    struct reader *reader = (struct reader *)line;
    struct calls lost = reader->flight;
    struct err busy = *err;
    struct call *call;
    reader->flight = (struct calls){0};
    busy.code = ERR_BUSY;
    while ((call = calls_pop(&lost)))
        share_tell(line->share, call, NULL, NULL, &busy);
}

static const struct line_duty duty = {QUERY_READ, on_up, on_event, NULL, on_down};

void read_open(struct reader *reader, struct share *share) {
    line_open(&reader->line, share, &duty);
}

void read_close(struct reader *reader) {
    line_close(&reader->line);
    calls_drop(&reader->waiting);
    calls_drop(&reader->flight);
}

void read_submit(struct reader *reader, struct call *call) {
    calls_push(&reader->waiting, call);
    leave(reader);
}
