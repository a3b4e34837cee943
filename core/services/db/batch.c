/* batch.c -- calls of one statement leave together as arrays, and its rows are dealt back by their number.
 *
 * What leaves is the flight; the next is gathered at the end of the turn in which it is back, so a batch
 * grows by what came while the one before was being committed, and no timer is needed. The answer is known
 * only when the Sync returned: the server commits there, not when it says that the statement is done. If the
 * connection dies in between, nobody knows, and that is what the callers are told.
 *
 * A flight leaves whole, in the order of its keys: the server locks rows in that order, so that two batches
 * which meet wait for each other in a line and never in a ring. When a row is refused, all are, and the
 * flight leaves again in parts: half as large after each refusal, down to the one row whose own fault it is,
 * and twice as large after each success. So one bad row costs its neighbours some ten commits and not 255,
 * and when all are bad each is sent alone once and in company a few times. What waits goes on after them. */

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
    struct call *const *part = batcher->flight + batcher->at;
    const struct query *query = part[0]->query;
    size_t starts[QUERY_MAX_PARAMS];
    const char *params[QUERY_MAX_PARAMS + 1];
    char slot[12];
    buf_clear(&batcher->arrays);
    for (size_t i = 0; i < query->param_count; i++) {
        starts[i] = batcher->arrays.len;
        add_array(&batcher->arrays, part, batcher->size, i);
    }
    if (batcher->arrays.failed) return false;
    for (size_t i = 0; i < query->param_count; i++)
        params[i] = batcher->arrays.data + starts[i];
    snprintf(slot, sizeof slot, "%d", conn_slot(batcher->line.conn));
    params[query->param_count] = slot;
    if (!line_run(&batcher->line, query, params, batcher->again)) return false;
    line_sync(&batcher->line);
    return true;
}

/* --- gathering -------------------------------------------------------------------------------------- */

/* A queue may be full of calls that cannot leave now, for one key say: no batch looks through more of it. */
#define LOOK_CALLS (16 * BATCH_CALLS)

static int by_key(const void *a, const void *b) {
    return key_compare(&(*(struct call *const *)a)->key, &(*(struct call *const *)b)->key);
}

static int by_age(const void *a, const void *b) {
    int64_t left = (*(struct call *const *)a)->deadline_ns, right = (*(struct call *const *)b)->deadline_ns;
    return (left > right) - (left < right);
}

/* Whoever waits longest says which statement it is, so none is forgotten for another; who cannot join keeps
 * his place in the queue. */
static void gather(struct batcher *batcher) {
    const struct query *query = batcher->waiting.head->query;
    struct call *before = NULL, *call = batcher->waiting.head;
    key_set_clear(&batcher->keys);
    for (int looks = 0; call && looks < LOOK_CALLS && batcher->count < BATCH_CALLS; looks++) {
        if (call->query == query && key_set_add(&batcher->keys, &call->key))
            batcher->flight[batcher->count++] = calls_pop_behind(&batcher->waiting, before);
        else
            before = call;
        call = before ? before->next : batcher->waiting.head;
    }
    if (query->key >= 0) qsort(batcher->flight, batcher->count, sizeof(struct call *), by_key);
}

/* The flight from there on: nothing happened to them yet, and they wait on, in their old order among the
 * others. Of two with one key the one that flew is the older. */
static void put_back(struct batcher *batcher, size_t from) {
    struct calls rest = calls_take(&batcher->waiting);
    qsort(batcher->flight + from, batcher->count - from, sizeof(struct call *), by_age);
    for (size_t i = from; i < batcher->count; i++) {
        while (rest.head && rest.head->deadline_ns < batcher->flight[i]->deadline_ns)
            calls_push(&batcher->waiting, calls_pop(&rest));
        calls_push(&batcher->waiting, batcher->flight[i]);
    }
    while (rest.head)
        calls_push(&batcher->waiting, calls_pop(&rest));
    batcher->count = from;
}

/* Sends the part, or leaves nothing in the air. */
static void send_or_put_back(struct batcher *batcher) {
    if (send(batcher)) return;
    put_back(batcher, batcher->at);
    batcher->count = 0;
}

static void leave(void *ctx) {
    struct batcher *batcher = ctx;
    if (batcher->count > 0 || !batcher->waiting.head || !line_ready(&batcher->line)) return;
    gather(batcher);
    batcher->at = 0;
    batcher->size = batcher->count;
    batcher->again = false;
    send_or_put_back(batcher);
    if (batcher->count > 0) meter_observe(&batcher->line.share->meters.rows, &meter_batches, batcher->count);
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

/* To those of the part who have heard nothing yet. */
static void tell_rest(struct batcher *batcher, const struct err *err) {
    for (size_t i = 0; i < batcher->size; i++)
        tell(batcher, batcher->at + i, NULL, err);
}

static void drop_rows(struct batcher *batcher) {
    rows_free(batcher->rows);
    batcher->rows = NULL;
}

static void deal_row(struct batcher *batcher, size_t row, size_t column) {
    const char *value = rows_value(batcher->rows, row, column, NULL);
    unsigned long n = value ? strtoul(value, NULL, 10) : 0;
    if (n < 1 || n > batcher->size) return;
    struct err err = {.code = ERR_OK};
    struct rows *one = rows_one(batcher->rows, row);
    if (!one) err_set(&err, ERR_NO_MEMORY, "no memory for the answer");
    tell(batcher, batcher->at + n - 1, one, &err);
}

static void deal(struct batcher *batcher) {
    struct err missing;
    err_set(&missing, ERR_INVALID, "%s: a batch must return one row for each call, numbered in a column n",
            batcher->flight[batcher->at]->query->file);
    for (size_t column = 0; column < rows_columns(batcher->rows); column++)
        if (strcmp(rows_name(batcher->rows, column), "n") == 0)
            for (size_t row = 0; row < rows_count(batcher->rows); row++)
                deal_row(batcher, row, column);
    tell_rest(batcher, &missing);
}

/* Some row's own fault: a value that cannot be, or one that breaks a rule of its table. */
static bool row_refused(const struct err *err) {
    return err->code == ERR_DATABASE &&
           (memcmp(err->state, "22", 2) == 0 || memcmp(err->state, "23", 2) == 0);
}

/* Nobody's fault: somebody else's transaction was in the way. */
static bool collided(const struct err *err) {
    return err->code == ERR_DATABASE &&
           (strcmp(err->state, "40P01") == 0 || strcmp(err->state, "40001") == 0);
}

/* Tells the part how it ended; the next is as large as this outcome allows. */
static void finish_part(struct batcher *batcher) {
    size_t next = batcher->size;
    if (batcher->err.code == ERR_OK) {
        deal(batcher);
        next *= 2;
    } else
        tell_rest(batcher, &batcher->err);
    batcher->at += batcher->size;
    batcher->size = next;
}

/* What is to leave after this outcome: the same part again, the half of it, or the one behind it. */
static void next_part(struct batcher *batcher) {
    bool stale = conn_stale(&batcher->err);
    batcher->again = !batcher->again && (stale || collided(&batcher->err));
    if (batcher->again) {
        if (stale) line_refresh(&batcher->line);
    } else if (batcher->size > 1 && row_refused(&batcher->err)) {
        batcher->size /= 2;
        meter_add(&batcher->line.share->meters.splits, 1);
    } else
        finish_part(batcher);
    drop_rows(batcher);
    size_t left = batcher->count - batcher->at;
    if (batcher->size > left) batcher->size = left;
}

/* At the end of the turn: those who come in the same turn, as clients do that were answered together, leave
 * together. */
static void leave_soon(struct batcher *batcher) {
    if (batcher->count == 0) reactor_hook_once(batcher->line.share->reactor, &batcher->leaving);
}

static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct batcher *batcher = (struct batcher *)line;
    if (event == CONN_ANSWER) {
        batcher->rows = rows;
        batcher->err = *err;
        return;
    }
    if (err->code != ERR_OK) batcher->err = *err; /* the commit itself failed */
    next_part(batcher);
    if (batcher->size > 0)
        send_or_put_back(batcher);
    else
        batcher->count = 0;
    leave_soon(batcher);
    share_watch_waiting(line->share);
}

static void on_up(struct line *line) {
    leave(line);
}

/* Only the part is in doubt: whoever is behind it was refused with the whole, and may wait for the next line.
 */
static void on_down(struct line *line, const struct err *err) {
    struct batcher *batcher = (struct batcher *)line;
    if (batcher->count > 0) {
        put_back(batcher, batcher->at + batcher->size);
        tell_rest(batcher, err);
    }
    drop_rows(batcher);
    batcher->count = 0;
    share_watch_waiting(line->share);
}

static const struct line_duty duty = {QUERY_BATCH, on_up, on_event, NULL, on_down};

void batch_open(struct batcher *batcher, struct share *share) {
    batcher->leaving = (struct reactor_hook){.fn = leave, .ctx = batcher};
    line_open(&batcher->line, share, &duty);
}

void batch_close(struct batcher *batcher) {
    if (batcher->line.share) reactor_hook_remove(batcher->line.share->reactor, &batcher->leaving);
    line_close(&batcher->line);
    for (size_t i = 0; i < batcher->count; i++)
        free(batcher->flight[i]);
    calls_drop(&batcher->waiting);
    rows_free(batcher->rows);
    buf_done(&batcher->arrays);
}

void batch_submit(struct batcher *batcher, struct call *call) {
    calls_push(&batcher->waiting, call);
    leave_soon(batcher);
}
