/* conn.c -- one of the two files that see libpq.
 *
 * libpq's pipeline says "here is a result" and "here is the end of one statement", not which statement it
 * was. So every send notes what it expects in a ring, and what arrives is matched with the ring's head.
 * Preparing is hidden here: a name is known from the moment its PREPARE is sent, and forgotten when that
 * failed or was skipped, so a statement and the preparing of it travel together. When too many are known, all
 * are forgotten, which costs one PREPARE each and needs no ageing. */

#include "conn.h"
#include "names.h"
#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum expect_kind { EXPECT_PREPARE, EXPECT_NAME, EXPECT_RUN, EXPECT_SYNC };

struct expect {
    enum expect_kind kind;
    bool quiet;    /* our own business: no event */
    uint64_t name; /* of a PREPARE */
};

struct conn {
    PGconn *pg;
    int slot;
    bool forgives_writes;
    unsigned epoch;

    struct names names; /* prepared, once all that was sent is done */

    struct expect *ring;
    size_t ring_size, ring_at, ring_count;

    /* What has come for the ring's head so far. */
    struct rows *rows;
    struct err err;
    bool got, aborted;
    struct err prepare_err; /* why the run behind a failed PREPARE or NAME is skipped; ERR_OK: it is not */
};

struct conn *conn_new(struct pg_conn *pg, enum query_class class, int slot) {
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn || PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg)) {
        free(conn);
        PQfinish(pg);
        return NULL;
    }
    conn->pg = pg;
    conn->forgives_writes = class == QUERY_READ;
    conn->slot = slot;
    return conn;
}

void conn_free(struct conn *conn) {
    if (!conn) return;
    rows_free(conn->rows);
    PQfinish(conn->pg);
    free(conn->ring);
    free(conn);
}

int conn_socket(const struct conn *conn) {
    return PQsocket(conn->pg);
}

int conn_slot(const struct conn *conn) {
    return conn->slot;
}

bool conn_pending(const struct conn *conn) {
    return conn->ring_count > 0;
}

bool conn_failed(const struct conn *conn) {
    return PQtransactionStatus(conn->pg) == PQTRANS_INERROR;
}

void conn_forgive_writes(struct conn *conn) {
    conn->forgives_writes = true;
}

unsigned conn_epoch(const struct conn *conn) {
    return conn->epoch;
}

/* --- what is expected ------------------------------------------------------------------------------- */

static bool ring_grow(struct conn *conn) {
    size_t size = conn->ring_size ? conn->ring_size * 2 : 16;
    struct expect *ring = malloc(size * sizeof *ring);
    if (!ring) return false;
    for (size_t i = 0; i < conn->ring_count; i++)
        ring[i] = conn->ring[(conn->ring_at + i) % conn->ring_size];
    free(conn->ring);
    conn->ring = ring;
    conn->ring_size = size;
    conn->ring_at = 0;
    return true;
}

static bool expect(struct conn *conn, struct expect what) {
    if (conn->ring_count == conn->ring_size && !ring_grow(conn)) return false;
    conn->ring[(conn->ring_at + conn->ring_count++) % conn->ring_size] = what;
    return true;
}

static struct expect expect_pop(struct conn *conn) {
    struct expect head = conn->ring[conn->ring_at];
    conn->ring_at = (conn->ring_at + 1) % conn->ring_size;
    conn->ring_count--;
    return head;
}

/* --- prepared statements ---------------------------------------------------------------------------- */

bool conn_stale(const struct err *err) {
    return err->code == ERR_DATABASE && (strcmp(err->state, "0A000") == 0 || /* the plan's result changed */
                                         strcmp(err->state, "26000") == 0 || /* the name is not known there */
                                         strcmp(err->state, "42P05") == 0);  /* the name is known already */
}

bool conn_refresh(struct conn *conn) {
    names_clear(&conn->names);
    conn->epoch++;
    return PQsendQueryParams(conn->pg, "DEALLOCATE ALL", 0, NULL, NULL, NULL, NULL, 0) &&
           expect(conn, (struct expect){.kind = EXPECT_RUN, .quiet = true}) && PQpipelineSync(conn->pg) &&
           expect(conn, (struct expect){.kind = EXPECT_SYNC, .quiet = true});
}

/* Of pg_type, where these numbers never change: the type and the array of it. */
static const struct {
    Oid one, array;
} oids[] = {
    [TYPE_BIGINT] = {20, 1016},        [TYPE_INT] = {23, 1007},     [TYPE_TEXT] = {25, 1009},
    [TYPE_BOOLEAN] = {16, 1000},       [TYPE_DOUBLE] = {701, 1022}, [TYPE_DATE] = {1082, 1182},
    [TYPE_TIMESTAMPTZ] = {1184, 1185}, [TYPE_UUID] = {2950, 2951},  [TYPE_JSONB] = {3802, 3807},
};

int conn_types(const struct query *query, Oid types[QUERY_MAX_PARAMS + 1]) {
    int count = 0;
    for (size_t i = 0; i < query->param_count; i++) {
        const struct query_param *param = &query->params[i];
        types[count++] = param->array ? oids[param->type].array : oids[param->type].one;
    }
    if (query->slot) types[count++] = oids[TYPE_INT].one;
    return count;
}

static bool prepare(struct conn *conn, const struct query *query, uint64_t key) {
    Oid types[QUERY_MAX_PARAMS + 1];
    int count = conn_types(query, types);
    if (!PQsendPrepare(conn->pg, query->statement, query->text, count, types)) return false;
    names_add(&conn->names, key);
    return expect(conn, (struct expect){.kind = EXPECT_PREPARE, .name = key});
}

/* --- sending ---------------------------------------------------------------------------------------- */

bool conn_run(struct conn *conn, const struct query *query, const char *const *params) {
    if (conn->names.count >= NAMES_MAX && !conn_refresh(conn)) return false;
    uint64_t key = names_key(query);
    if (!names_has(&conn->names, key) && !prepare(conn, query, key)) return false;
    int count = (int)query->param_count + query->slot;
    return PQsendQueryPrepared(conn->pg, query->statement, count, params, NULL, NULL, 0) &&
           expect(conn, (struct expect){.kind = EXPECT_RUN});
}

bool conn_run_once(struct conn *conn, const struct query *query, const char *const *params) {
    Oid types[QUERY_MAX_PARAMS + 1];
    int count = conn_types(query, types);
    return PQsendQueryParams(conn->pg, query->text, count, types, params, NULL, NULL, 0) &&
           expect(conn, (struct expect){.kind = EXPECT_RUN});
}

bool conn_command(struct conn *conn, const char *sql) {
    return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) &&
           expect(conn, (struct expect){.kind = EXPECT_RUN});
}

/* Prepared, as it runs so often; SET LOCAL would warn that no transaction was begun. */
static const struct query naming = {
    .text = "SELECT pg_catalog.set_config('application_name', $1, true)",
    .class = QUERY_LEASE,
    .params = (struct query_param[]){{.type = TYPE_TEXT}},
    .param_count = 1,
    .statement = "plateia_application_name",
};

bool conn_name_alone(struct conn *conn, const char *name) {
    uint64_t key = names_key(&naming);
    bool known = names_has(&conn->names, key), room = conn->names.count < NAMES_MAX;
    if (!known && room && !(known = prepare(conn, &naming, key))) return false;
    int sent = known ? PQsendQueryPrepared(conn->pg, naming.statement, 1, &name, NULL, NULL, 0)
                     : PQsendQueryParams(conn->pg, naming.text, 1, NULL, &name, NULL, NULL, 0);
    return sent && expect(conn, (struct expect){.kind = EXPECT_NAME, .name = key});
}

/* As a command: a query takes a snapshot, and a transaction that has one can be given no other isolation. */
bool conn_name_begun(struct conn *conn, const char *name) {
    char sql[2 * CONN_NAME_SIZE + 40] = "SET LOCAL application_name = E'";
    size_t len = strlen(sql);
    for (; *name && len < sizeof sql - 4; name++) {
        if (*name == '\'' || *name == '\\') sql[len++] = *name;
        sql[len++] = *name;
    }
    memcpy(sql + len, "'", 2);
    return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) &&
           expect(conn, (struct expect){.kind = EXPECT_NAME});
}

bool conn_sync(struct conn *conn) {
    return PQpipelineSync(conn->pg) && expect(conn, (struct expect){.kind = EXPECT_SYNC});
}

bool conn_consume(struct conn *conn) {
    return PQconsumeInput(conn->pg);
}

bool conn_flush(struct conn *conn, bool *ret_more) {
    int left = PQflush(conn->pg);
    if (left >= 0) *ret_more = left > 0;
    return left >= 0;
}

/* --- receiving -------------------------------------------------------------------------------------- */

static void trim_copy(struct err *err, enum err_code code, const char *text) {
    size_t len = strcspn(text, "\n");
    err_set(err, code, "%.*s", (int)(len < sizeof err->text ? len : sizeof err->text - 1), text);
}

void conn_problem(const struct conn *conn, struct err *err) {
    const char *why = PQerrorMessage(conn->pg);
    trim_copy(err, ERR_UNKNOWN, *why ? why : "the database connection was lost");
}

enum err_code rows_failure(const struct pg_result *result, struct err *err) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool timeout = state && strcmp(state, "57014") == 0;
    struct err filled;
    if (timeout) /* in our words: a client may be told them */
        err_set(&filled, ERR_TIMEOUT, "the database took longer than it may, and the statement was stopped");
    else
        trim_copy(&filled, ERR_DATABASE, text ? text : PQresultErrorMessage(result));
    if (state) memcpy(filled.state, state, strnlen(state, 5) + 1);
    if (err) *err = filled;
    return filled.code;
}

/* The server says FATAL when it ends the session. 25006 (read-only) on a connection that must write means
 * that its server is no longer the primary; on a reading one it is the statement's own fault. */
static bool is_farewell(const struct conn *conn, const PGresult *result, struct err *err) {
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool demoted = !conn->forgives_writes && strcmp(err->state, "25006") == 0;
    bool fatal = !severity || strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
    if (demoted || fatal) err->code = demoted ? ERR_BUSY : ERR_UNKNOWN;
    return demoted || fatal;
}

/* Keeps one result for the ring's head; CONN_LOST when it cannot be. */
static enum conn_event take(struct conn *conn, PGresult *result) {
    enum conn_event event = CONN_NOTHING;
    conn->got = true;
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        rows_free(conn->rows);
        conn->rows = rows_new(result);
        if (!conn->rows) err_set(&conn->err, ERR_NO_MEMORY, "no memory for the answer");
        return CONN_NOTHING;
    case PGRES_FATAL_ERROR:
        rows_failure(result, &conn->err);
        if (is_farewell(conn, result, &conn->err)) event = CONN_LOST;
        break;
    case PGRES_PIPELINE_ABORTED: conn->aborted = true; break;
    default:
        err_set(&conn->err, ERR_UNKNOWN, "unexpected answer: %s", PQresStatus(PQresultStatus(result)));
        event = CONN_LOST;
    }
    PQclear(result);
    return event;
}

/* Never seen; but to wait on a connection that answers something else would be forever. */
static enum conn_event out_of_step(struct conn *conn) {
    err_set(&conn->err, ERR_UNKNOWN, "the database answered out of step");
    return CONN_LOST;
}

/* The head's answer is complete: what does it mean for whoever asked? */
static enum conn_event finish(struct conn *conn, struct rows **rows, struct err *err) {
    struct expect head = expect_pop(conn);
    enum conn_event event = head.kind == EXPECT_SYNC ? CONN_SYNCED : CONN_ANSWER;
    *rows = conn->rows;
    *err = conn->err;
    if (head.kind == EXPECT_PREPARE || head.kind == EXPECT_NAME) {
        bool unknown = head.kind == EXPECT_NAME ? conn_stale(err) : conn->aborted || err->code != ERR_OK;
        if (unknown) names_forget(&conn->names, head.name);
        if (!conn->aborted) conn->prepare_err = *err;
        event = CONN_NOTHING;
    } else if (head.kind == EXPECT_RUN) {
        if (conn->aborted && conn->prepare_err.code != ERR_OK)
            *err = conn->prepare_err;
        else if (conn->aborted)
            event = CONN_ABORTED;
        conn->prepare_err.code = ERR_OK;
    }
    conn->rows = NULL;
    conn->err = (struct err){.code = ERR_OK};
    conn->got = conn->aborted = false;
    if (event != CONN_ANSWER || err->code != ERR_OK || head.quiet) {
        rows_free(*rows);
        *rows = NULL;
    }
    return head.quiet ? CONN_NOTHING : event;
}

/* libpq ends a statement's results with a NULL, and a Sync without one. */
enum conn_event conn_next(struct conn *conn, struct rows **rows, struct err *err) {
    int empty = 0;
    while (conn->ring_count > 0 && !PQisBusy(conn->pg)) {
        enum conn_event event = CONN_NOTHING;
        PGresult *result = PQgetResult(conn->pg);
        bool synced = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        bool wants_sync = conn->ring[conn->ring_at].kind == EXPECT_SYNC;
        if (synced) PQclear(result);

        if (result && !synced)
            event = take(conn, result);
        else if (synced == wants_sync && (synced || conn->got))
            event = finish(conn, rows, err);
        else if (synced || ++empty > 2)
            event = out_of_step(conn);
        if (event == CONN_LOST) *err = conn->err;
        if (event != CONN_NOTHING) return event;
    }
    return CONN_NOTHING;
}

/* One that memory is short for is left out, like one that came while nobody listened. */
char *conn_notification(struct conn *conn) {
    char *payload = NULL;
    PGnotify *notify;
    while (!payload && (notify = PQnotifies(conn->pg))) {
        payload = strdup(notify->extra);
        PQfreemem(notify);
    }
    return payload;
}

/* --- rows ------------------------------------------------------------------------------------------- */

struct rows {
    PGresult *result;
    struct rows *whole; /* when we are one row of it; NULL: the result is ours */
    size_t first, count, users;
    enum value_type types[]; /* of the whole's columns */
};

static enum value_type type_of(Oid oid) {
    switch (oid) {
    case 20: return TYPE_BIGINT;
    case 21:
    case 23: return TYPE_INT;
    case 19:
    case 25:
    case 1042:
    case 1043: return TYPE_TEXT;
    case 16: return TYPE_BOOLEAN;
    case 700:
    case 701: return TYPE_DOUBLE;
    case 1082: return TYPE_DATE;
    case 1184: return TYPE_TIMESTAMPTZ;
    case 2950: return TYPE_UUID;
    case 114:
    case 3802: return TYPE_JSONB;
    default: return TYPE_OTHER;
    }
}

struct rows *rows_new(struct pg_result *result) {
    int columns = PQnfields(result);
    struct rows *rows = malloc(sizeof *rows + (size_t)columns * sizeof *rows->types);
    if (!rows) {
        PQclear(result);
        return NULL;
    }
    *rows = (struct rows){.result = result, .count = (size_t)PQntuples(result), .users = 1};
    for (int i = 0; i < columns; i++)
        rows->types[i] = type_of(PQftype(result, i));
    return rows;
}

struct rows *rows_one(struct rows *rows, size_t row) {
    struct rows *one = malloc(sizeof *one);
    if (!one) return NULL;
    struct rows *whole = rows->whole ? rows->whole : rows;
    whole->users++;
    *one = (struct rows){.result = rows->result, .whole = whole, .first = rows->first + row, .count = 1};
    return one;
}

void rows_free(struct rows *rows) {
    if (!rows) return;
    struct rows *whole = rows;
    if (rows->whole) {
        whole = rows->whole;
        free(rows);
    }
    if (--whole->users > 0) return;
    PQclear(whole->result);
    free(whole);
}

size_t rows_count(const struct rows *rows) {
    return rows->count;
}

size_t rows_columns(const struct rows *rows) {
    return (size_t)PQnfields(rows->result);
}

const char *rows_name(const struct rows *rows, size_t column) {
    return PQfname(rows->result, (int)column);
}

enum value_type rows_type(const struct rows *rows, size_t column) {
    return (rows->whole ? rows->whole : rows)->types[column];
}

/* libpq's NULL is an empty text to look at. */
const char *rows_value(const struct rows *rows, size_t row, size_t column, size_t *ret_len) {
    int at = (int)(rows->first + row), of = (int)column;
    const char *value = PQgetvalue(rows->result, at, of);
    if (!*value && PQgetisnull(rows->result, at, of)) return NULL;
    if (ret_len) *ret_len = (size_t)PQgetlength(rows->result, at, of);
    return value;
}

size_t rows_memory(const struct rows *rows) {
    return PQresultMemorySize(rows->result);
}

long rows_affected(const struct rows *rows) {
    return strtol(PQcmdTuples(rows->result), NULL, 10);
}

bool rows_rolled_back(const struct rows *rows) {
    return strcmp(PQcmdStatus(rows->result), "ROLLBACK") == 0;
}
