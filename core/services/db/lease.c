/* lease.c -- a lease is in one of five states, and at most one call of its holder is under way.
 *
 *   FREE ── begin ──> BEGINNING ──> HELD ── release ──> LEAVING ──> FREE
 *     └──── a single statement ───> ALONE ────────────────────────────┘
 *
 * When the connection dies under its holder the lease stays his (`lost`) until he releases it, so that he
 * cannot speak into a transaction that is not his; the line meanwhile fetches a new connection. Releasing
 * never waits: the ROLLBACK goes out behind whatever still runs, and the statement timeout, or the line's
 * patience, ends that.
 *
 * Outcomes are told at their Sync, as a single statement is committed there. Only two things leave in doubt
 * what was done when the connection dies: a single statement and a COMMIT. */

#include "lease.h"
#include "../../base/clock.h"
#include "nest.h"
#include "share.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum lease_state { LEASE_FREE, LEASE_ALONE, LEASE_BEGINNING, LEASE_HELD, LEASE_LEAVING };

struct lease {
    struct line line; /* first: the duty finds us by it */
    enum lease_state state;
    struct call *call; /* sent and not answered */
    bool committing;   /* the call is the COMMIT */
    bool open;         /* a transaction is, as far as its holder knows */
    bool lost;         /* its connection is not the one that it was lent with */
    bool stale;        /* its prepared statements are, to be mended outside the transaction */
    struct rows *rows; /* the call's outcome, until its Sync */
    struct err err;
};

static void serve(struct leases *leases);

/* --- sending ---------------------------------------------------------------------------------------- */

static bool say(struct lease *lease, enum call_wish wish, struct call *call) {
    struct nest *nest = lease->line.share->nest;
    if (nest) return nest_say(nest, &lease->line, wish, call, lease->state == LEASE_HELD);
    if (wish == CALL_RUN) return line_run(&lease->line, call->query, call->params, call->again);
    return line_command(&lease->line, wish == CALL_BEGIN    ? "BEGIN"
                                      : wish == CALL_COMMIT ? "COMMIT"
                                                            : "ROLLBACK");
}

static bool send_name(struct lease *lease, const struct call *call) {
    struct share *share = lease->line.share;
    char name[CONN_NAME_SIZE] = "";
    if (share->namer) share->namer(share->ctx, call->who, name, sizeof name);
    return !name[0] || line_name(&lease->line, name, call->wish == CALL_BEGIN);
}

/* The asker's name travels with what is sent anyway, in front of a single statement and behind a BEGIN; not
 * where all that is asked is one transaction. */
static bool send(struct lease *lease, struct call *call) {
    bool named = lease->state == LEASE_FREE && !lease->line.share->nest, begins = call->wish == CALL_BEGIN;
    if (named && !begins && !send_name(lease, call)) return false;
    if (!say(lease, call->wish, call)) return false;
    if (named && begins && !send_name(lease, call)) return false;
    lease->call = call;
    if (!call->sent_ns) call->sent_ns = clock_recent_ns();
    line_sync(&lease->line);
    return true;
}

static bool is_free(const struct lease *lease) {
    return lease->state == LEASE_FREE && line_ready(&lease->line);
}

static struct lease *find_free(const struct leases *leases) {
    for (size_t i = 0; i < leases->count; i++)
        if (is_free(&leases->list[i])) return &leases->list[i];
    return NULL;
}

/* How long this call has waited for a lease: its patience was what is left, and that. */
static void note_wait(struct share *share, const struct call *call) {
    int64_t asked_ns = call->deadline_ns - share_options(share)->wait_ms * CLOCK_NS_PER_MS;
    int64_t waited_ns = clock_ns() - asked_ns;
    meter_observe(&share->meters.acquire, &meter_durations, waited_ns > 0 ? (uint64_t)waited_ns : 0);
}

static void occupy(struct lease *lease, enum lease_state state) {
    lease->state = state;
    meter_add(&lease->line.share->meters.busy, 1);
}

static void serve(struct leases *leases) {
    struct lease *lease;
    while (leases->waiting.head && (lease = find_free(leases))) {
        struct call *call = calls_pop(&leases->waiting);
        if (!send(lease, call)) {
            calls_push_front(&leases->waiting, call);
            continue;
        }
        occupy(lease, call->wish == CALL_BEGIN ? LEASE_BEGINNING : LEASE_ALONE);
        note_wait(leases->share, call);
    }
}

static void set_free(struct lease *lease) {
    if (lease->state != LEASE_FREE) meter_subtract(&lease->line.share->meters.busy, 1);
    lease->state = LEASE_FREE;
    lease->lost = lease->open = lease->committing = false;
    if (lease->stale) line_refresh(&lease->line);
    lease->stale = false;
    serve(&lease->line.share->leases);
}

/* --- what comes back -------------------------------------------------------------------------------- */

static struct call *take_call(struct lease *lease) {
    struct call *call = lease->call;
    lease->call = NULL;
    return call;
}

static void drop_outcome(struct lease *lease) {
    rows_free(lease->rows);
    lease->rows = NULL;
}

/* It was refused as it may not be in a transaction (VACUUM): the name in front of it had made it one. */
static bool wants_alone(const struct err *err) {
    return err->code == ERR_DATABASE && strcmp(err->state, "25001") == 0;
}

/* True when the single statement was sent once more, unnamed and unprepared. */
static bool alone_again(struct lease *lease) {
    struct call *call = lease->call;
    bool stale = conn_stale(&lease->err);
    if (call->again || lease->line.share->nest || !(stale || wants_alone(&lease->err))) return false;
    if (stale) line_refresh(&lease->line);
    call->again = true;
    return send(lease, call);
}

static void finish_alone(struct lease *lease) {
    if (alone_again(lease)) return;
    struct call *call = take_call(lease);
    struct rows *rows = lease->rows;
    struct err err = lease->err;
    lease->rows = NULL;
    set_free(lease);
    share_tell(lease->line.share, call, rows, NULL, &err);
}

static void finish_begin(struct lease *lease) {
    struct call *call = take_call(lease);
    struct err err = lease->err;
    drop_outcome(lease);
    if (err.code == ERR_OK) {
        lease->state = LEASE_HELD;
        lease->open = true;
        share_tell(lease->line.share, call, NULL, lease, &err);
    } else {
        set_free(lease);
        share_tell(lease->line.share, call, NULL, NULL, &err);
    }
}

/* A COMMIT of a failed transaction succeeds as a ROLLBACK. */
static void finish_commit(struct lease *lease) {
    struct err err = lease->err;
    if (err.code == ERR_OK && rows_rolled_back(lease->rows))
        err_set(&err, ERR_DATABASE, "the transaction was rolled back, as a statement of it had failed");
    drop_outcome(lease);
    lease->open = lease->committing = false;
    share_tell(lease->line.share, take_call(lease), NULL, NULL, &err);
}

static void finish_statement(struct lease *lease) {
    struct rows *rows = lease->rows;
    struct err err = lease->err;
    lease->rows = NULL;
    if (conn_stale(&err)) lease->stale = true;
    share_tell(lease->line.share, take_call(lease), rows, NULL, &err);
}

static void on_synced(struct lease *lease) {
    if (!lease->call)
        drop_outcome(lease); /* of the ROLLBACK */
    else if (lease->state == LEASE_ALONE)
        finish_alone(lease);
    else if (lease->state == LEASE_BEGINNING)
        finish_begin(lease);
    else if (lease->committing)
        finish_commit(lease);
    else
        finish_statement(lease);

    if (lease->state == LEASE_LEAVING && !conn_pending(lease->line.conn)) set_free(lease);
}

static void on_event(struct line *line, enum conn_event event, struct rows *rows, const struct err *err) {
    struct lease *lease = (struct lease *)line;
    if (event == CONN_ANSWER) {
        drop_outcome(lease);
        lease->rows = rows;
        lease->err = *err;
        return;
    }
    if (event == CONN_ABORTED) return; /* it was to follow what failed */
    if (err->code != ERR_OK) {         /* the commit itself failed */
        drop_outcome(lease);
        lease->err = *err;
    }
    on_synced(lease);
    share_watch_waiting(line->share);
}

static void on_up(struct line *line) {
    if (line->share->nest) nest_up(line);
    serve(&line->share->leases);
}

static void on_down(struct line *line, const struct err *err) {
    struct lease *lease = (struct lease *)line;
    struct call *call = take_call(lease);
    struct err why = *err;
    bool doubtful = lease->state == LEASE_ALONE || lease->committing;
    if (!doubtful) why.code = ERR_BUSY;
    drop_outcome(lease);
    lease->stale = false;
    if (line->share->nest) nest_down(line->share->nest);
    if (lease->state == LEASE_HELD)
        lease->lost = true;
    else
        set_free(lease);
    if (call) share_tell(line->share, call, NULL, NULL, &why);
}

static const struct line_duty duty = {"lease", QUERY_LEASE, on_up, on_event, NULL, on_down};
/* The only connection of a share does what each class does: it writes, and has a slot. */
static const struct line_duty only_duty = {"only", QUERY_BATCH, on_up, on_event, NULL, on_down};

/* --- for the share ---------------------------------------------------------------------------------- */

enum err_code leases_open(struct leases *leases, struct share *share, struct err *err) {
    size_t count = share->nest ? 1 : share_options(share)->leases;
    leases->share = share;
    leases->list = calloc(count ? count : 1, sizeof *leases->list);
    if (!leases->list) return err_set(err, ERR_NO_MEMORY, "no memory for %zu leases", count);
    leases->count = count;
    for (size_t i = 0; i < count; i++)
        line_open(&leases->list[i].line, share, share->nest ? &only_duty : &duty);
    return ERR_OK;
}

void leases_close(struct leases *leases) {
    for (size_t i = 0; i < leases->count; i++) {
        struct lease *lease = &leases->list[i];
        line_close(&lease->line);
        drop_outcome(lease);
        free(lease->call);
    }
    calls_drop(&leases->waiting);
    free(leases->list);
}

void leases_submit(struct leases *leases, struct call *call) {
    calls_push(&leases->waiting, call);
    serve(leases);
}

bool leases_connected(const struct leases *leases) {
    for (size_t i = 0; i < leases->count; i++)
        if (!leases->list[i].line.conn) return false;
    return true;
}

unsigned leases_busy(const struct leases *leases) {
    unsigned busy = 0;
    for (size_t i = 0; i < leases->count; i++)
        busy += leases->list[i].state != LEASE_FREE;
    return busy;
}

/* --- for the holder --------------------------------------------------------------------------------- */

static enum err_code refuse(const struct lease *lease, struct err *err) {
    assert(lease->state == LEASE_HELD);
    if (lease->lost || !line_ready(&lease->line))
        return err_set(err, ERR_BUSY, "the transaction's connection was lost");
    if (lease->call) return err_set(err, ERR_INVALID, "a statement of this transaction is still running");
    if (!lease->open) return err_set(err, ERR_INVALID, "the transaction has ended");
    return ERR_OK;
}

/* A call without a query ends the transaction. */
static enum err_code submit(struct lease *lease, struct call *call, struct err *err) {
    if (!call) return err_set(err, ERR_NO_MEMORY, "no memory for a statement");
    if (!call->query) call->wish = CALL_COMMIT;
    if (send(lease, call)) return ERR_OK;
    free(call);
    return err_set(err, ERR_BUSY, "the transaction's connection was lost");
}

enum err_code lease_run(struct lease *lease, const struct query *query, const char *const *params,
                        struct ticket who, struct err *err) {
    enum err_code code = refuse(lease, err);
    if (code) return code;
    if (query->class == QUERY_BATCH)
        return err_set(err, ERR_INVALID, "%s is batched: it cannot be part of a transaction", query->name);
    return submit(lease, call_new(query, params, who, 0), err);
}

enum err_code lease_commit(struct lease *lease, struct ticket who, struct err *err) {
    enum err_code code = refuse(lease, err);
    if (code) return code;
    code = submit(lease, call_new(NULL, NULL, who, 0), err);
    lease->committing = code == ERR_OK;
    return code;
}

void lease_release(struct lease *lease) {
    if (!lease) return;
    assert(lease->state == LEASE_HELD);
    bool roll_back = lease->open && !lease->committing && !lease->lost;
    lease->state = LEASE_LEAVING;
    if (roll_back) {
        lease->open = false;
        if (say(lease, CALL_ROLL_BACK, NULL))
            line_sync(&lease->line);
        else
            return; /* the line is broken, and its end frees us */
    }
    if (lease->lost || !conn_pending(lease->line.conn)) set_free(lease);
}
