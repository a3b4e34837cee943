/* listen.c -- a line whose only statement is LISTEN. It counts as a lease to the connector, as it wants a
 * server that can be written to: others do not notify. */

#include "listen.h"
#include "line.h"
#include "rows.h"
#include <stdio.h>
#include <stdlib.h>

struct listen {
    struct line line; /* first: its duty finds the rest */
    struct listen_options options;
    bool fine; /* LISTEN was answered; its Sync is still to come */
};

static void on_up(struct line *line) {
    struct listen *listen = (struct listen *)line;
    char sql[80];
    listen->fine = false;
    snprintf(sql, sizeof sql, "LISTEN %s", listen->options.channel);
    if (line_command(line, sql)) line_sync(line);
}

/* A LISTEN that fails leaves a deaf line; comparing goes on without it. */
static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct listen *listen = (struct listen *)line;
    rows_free(rows);
    if (event == CONN_ANSWER) listen->fine = err->code == ERR_OK;
    if (event == CONN_SYNCED && listen->fine && err->code == ERR_OK)
        listen->options.connected(listen->options.ctx);
}

static void on_notified(struct line *line, const char *payload) {
    struct listen *listen = (struct listen *)line;
    listen->options.heard(listen->options.ctx, payload);
}

static void on_down(struct line *line, const struct err *err) {
    (void)line, (void)err;
}

static const struct line_duty duty = {.name = "listen",
                                      .class = QUERY_LEASE,
                                      .up = on_up,
                                      .event = on_event,
                                      .notified = on_notified,
                                      .down = on_down};

enum err_code listen_open(struct listen **ret, const struct listen_options *options, struct err *err) {
    struct listen *listen = calloc(1, sizeof *listen);
    if (!listen) return err_set(err, ERR_NO_MEMORY, "no memory for listening to the database");
    listen->options = *options;
    line_open(&listen->line, options->share, &duty);
    *ret = listen;
    return ERR_OK;
}

void listen_close(struct listen *listen) {
    if (!listen) return;
    line_close(&listen->line);
    free(listen);
}
