/* batch.c -- calls of one statement leave together as arrays, and its rows are dealt back by their number.
 *
 * What leaves is the flight; the next is gathered when it is back, so a batch grows by exactly what came
 * while the one before was being committed, and no timer is needed. The answer is known only when the Sync
 * returned: the server commits there, not when it says that the statement is done. If the connection dies in
 * between, nobody knows, and that is what the callers are told. */

#include "batch.h"
#include "share.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- out -------------------------------------------------------------------------------------------- */

/* One element of an array's text form; quoted always, so that only two characters are special. */
static void add_element(struct buf *buf, const char *text) {
    if (!text) {
        buf_add_str(buf, "NULL");
        return;
    }
    buf_add_char(buf, '"');
    for (size_t run; *text; text += run) {
        run = strcspn(text, "\\\"");
        buf_add(buf, text, run);
        if (text[run]) {
            buf_add_char(buf, '\\');
            buf_add_char(buf, text[run++]);
        }
    }
    buf_add_char(buf, '"');
}

static void add_array(struct buf *buf, struct call *const *calls, size_t count, size_t param) {
    buf_add_char(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_add_char(buf, ',');
        add_element(buf, calls[i]->params[param]);
    }
    buf_add(buf, "}", 2); /* with its NUL: the next array follows */
}

static bool send(struct batcher *batcher) {
    const struct query *query = batcher->flight[0]->query;
    size_t starts[QUERY_MAX_PARAMS];
    const char *params[QUERY_MAX_PARAMS + 1];
    char slot[12];
    buf_clear(&batcher->arrays);
    for (size_t i = 0; i < query->param_count; i++) {
        starts[i] = batcher->arrays.len;
        add_array(&batcher->arrays, batcher->flight, batcher->count, i);
    }
    if (batcher->arrays.failed) return false;
    for (size_t i = 0; i < query->param_count; i++)
        params[i] = batcher->arrays.data + starts[i];
    snprintf(slot, sizeof slot, "%d", conn_slot(batcher->line.conn));
    params[query->param_count] = slot;
    return line_run(&batcher->line, query, params, batcher->again);
}

static void gather(struct batcher *batcher) {
    while (batcher->count < BATCH_CALLS && batcher->waiting.head)
        batcher->flight[batcher->count++] = calls_pop(&batcher->waiting);
}

/* Nothing happened to them yet: they wait on, in their old order. */
static void put_back(struct batcher *batcher) {
    while (batcher->count > 0)
        calls_push_front(&batcher->waiting, batcher->flight[--batcher->count]);
}

static void leave(struct batcher *batcher) {
    if (batcher->count > 0 || !batcher->waiting.head || !line_ready(&batcher->line)) return;
    gather(batcher);
    if (send(batcher))
        line_sync(&batcher->line);
    else
        put_back(batcher);
}

/* --- back ------------------------------------------------------------------------------------------- */

/* The flight counts as in flight until all are told: an answer may bring new calls, and they must wait. */
static void tell(struct batcher *batcher, size_t i, struct rows *rows, const struct err *err) {
    struct call *call = batcher->flight[i];
    batcher->flight[i] = NULL;
    if (call)
        share_tell(batcher->line.share, call, rows, NULL, err);
    else
        rows_free(rows);
}

static void land(struct batcher *batcher, const struct err *rest) {
    for (size_t i = 0; i < batcher->count; i++)
        tell(batcher, i, NULL, rest);
    rows_free(batcher->rows);
    batcher->rows = NULL;
    batcher->count = 0;
    batcher->again = false;
}

static void deal_row(struct batcher *batcher, size_t row, size_t column) {
    const char *value = rows_value(batcher->rows, row, column, NULL);
    unsigned long n = value ? strtoul(value, NULL, 10) : 0;
    if (n < 1 || n > batcher->count) return;
    struct err err = {.code = ERR_OK};
    struct rows *one = rows_one(batcher->rows, row);
    if (!one) err_set(&err, ERR_NO_MEMORY, "no memory for the answer");
    tell(batcher, n - 1, one, &err);
}

static void deal(struct batcher *batcher) {
    struct err missing;
    err_set(&missing, ERR_INVALID, "%s: a batch must return one row for each call, numbered in a column n",
            batcher->flight[0]->query->file);
    for (size_t column = 0; column < rows_columns(batcher->rows); column++)
        if (strcmp(rows_name(batcher->rows, column), "n") == 0)
            for (size_t row = 0; row < rows_count(batcher->rows); row++)
                deal_row(batcher, row, column);
    land(batcher, &missing);
}

static bool run_again(struct batcher *batcher) {
    if (batcher->again || !conn_stale(&batcher->err)) return false;
    line_refresh(&batcher->line);
    batcher->again = true;
    if (!send(batcher)) return false;
    line_sync(&batcher->line);
    return true;
}

static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct batcher *batcher = (struct batcher *)line;
    if (event == CONN_ANSWER) {
        batcher->rows = rows;
        batcher->err = *err;
        return;
    }
    if (err->code != ERR_OK) batcher->err = *err; /* the commit itself failed */
    if (run_again(batcher)) return;
    if (batcher->err.code != ERR_OK)
        land(batcher, &batcher->err);
    else
        deal(batcher);
    leave(batcher);
    share_watch_waiting(line->share);
}

static void on_up(struct line *line) {
    leave((struct batcher *)line);
}

static void on_down(struct line *line, const struct err *err) {
    land((struct batcher *)line, err);
}

static const struct line_duty duty = {QUERY_BATCH, on_up, on_event, NULL, on_down};

void batch_open(struct batcher *batcher, struct share *share) {
    line_open(&batcher->line, share, &duty);
}

void batch_close(struct batcher *batcher) {
    line_close(&batcher->line);
    put_back(batcher);
    calls_drop(&batcher->waiting);
    rows_free(batcher->rows);
    buf_done(&batcher->arrays);
}

void batch_submit(struct batcher *batcher, struct call *call) {
    calls_push(&batcher->waiting, call);
    leave(batcher);
}
