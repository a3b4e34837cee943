/* connector.c -- the other file that sees libpq: where it may block.
 *
 * A job is its own letter: queued here, worked on, then posted. Cancelling it depends on where it is, so that
 * is said by its state, under the one lock; a job is posted under the lock too, and so never after it was
 * cancelled. What follows the connecting (the settings of its class, the slot) has a deadline of our own, as
 * libpq's covers only the connecting: a server that stopped in between must not hold this thread.
 *
 * The conninfo's own words win over our defaults, as they stand behind them; its `options` are left alone,
 * which is why the settings of a class are SET. */

#include "connector.h"
#include "../../base/clock.h"
#include "../../base/mailbox.h"
#include "conn.h"
#include "session.h"
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETUP_MS               5000
#define IDLE_IN_TRANSACTION_MS 60000
#define SLOT_CLASS             1347174740 /* of our advisory locks: "PLAT" */
#define SLOT_MAX               32767

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_POSTED };

struct connector_job {
    struct mail mail; /* first: the letter is the job */
    struct connector_order order;
    struct connector_job *next;
    enum job_state state;
    bool cancelled;
    struct conn *conn;
    struct err err;
};

struct connector {
    char *conninfo;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct connector_job *head, **tail;
    bool stop;
};

/* --- connecting ------------------------------------------------------------------------------------- */

static enum err_code refused(const PGconn *pg, struct err *err) {
    const char *why = pg ? PQerrorMessage(pg) : "no memory";
    if (!*why) why = "it does not answer in time";
    return err_set(err, ERR_BUSY, "cannot connect to the database: %.*s", (int)strcspn(why, "\n"), why);
}

static void be_silent(void *arg, const char *notice) {
    (void)arg;
    (void)notice;
}

/* `attributes` (of the server) may be NULL. `name` is shown by pg_stat_activity. */
static enum err_code dial(PGconn **ret, const char *conninfo, const char *attributes, const char *name,
                          struct err *err) {
    const char *const names[] = {"connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "gssencmode",
                                 "application_name",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "client_encoding",
                                 attributes ? "target_session_attrs" : NULL,
                                 NULL};
    const char *const values[] = {"2",     "30",     "5",    "3",        "disable", name,
                                  "15000", conninfo, "UTF8", attributes, NULL};
    PGconn *pg = PQconnectdbParams(names, values, 1);
    if (PQstatus(pg) != CONNECTION_OK) {
        refused(pg, err);
        PQfinish(pg);
        return ERR_BUSY;
    }
    PQsetNoticeProcessor(pg, be_silent, NULL);
    *ret = pg;
    return ERR_OK;
}

static bool wait_readable(PGconn *pg, int64_t deadline_ns) {
    int64_t left_ms = (deadline_ns - clock_ns()) / CLOCK_NS_PER_MS;
    struct pollfd one = {.fd = PQsocket(pg), .events = POLLIN};
    return left_ms > 0 && poll(&one, 1, (int)left_ms) >= 0;
}

/* The last result, or the first failed one; NULL when none came in time. */
static PGresult *ask(PGconn *pg, const char *sql, int64_t deadline_ns) {
    PGresult *kept = NULL, *result;
    if (!PQsendQuery(pg, sql)) return NULL;
    for (;;) {
        while (PQisBusy(pg))
            if (!wait_readable(pg, deadline_ns) || !PQconsumeInput(pg)) {
                PQclear(kept);
                return NULL;
            }
        result = PQgetResult(pg);
        if (!result) return kept;
        bool failed = kept && PQresultStatus(kept) == PGRES_FATAL_ERROR;
        PQclear(failed ? result : kept);
        if (!failed) kept = result;
    }
}

/* Values leave as text in one known shape. lock_timeout is off, as statement_timeout covers waiting for a
 * lock and is told to scripts by its own code. Compiling a statement takes longer than any of ours runs, and
 * so does planning one anew for each call, which the server does where it thinks that a plan for these
 * parameters would be better (of a small batch it always does): reads and batches have one plan for all. */
static bool settle(PGconn *pg, const struct connector_order *order, int64_t deadline_ns, struct err *err) {
    char sql[512];
    snprintf(sql, sizeof sql,
             "SET statement_timeout = %lld; SET lock_timeout = 0;"
             "SET idle_in_transaction_session_timeout = %d; SET jit = off;"
             "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex';%s",
             (long long)order->statement_timeout_ms, IDLE_IN_TRANSACTION_MS,
             order->class == QUERY_READ ? "SET default_transaction_read_only = on;" : "");
    if (order->class != QUERY_LEASE) strcat(sql, "SET plan_cache_mode = force_generic_plan;");
    PGresult *result = ask(pg, sql, deadline_ns);
    bool settled = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!settled) refused(pg, err);
    PQclear(result);
    return settled;
}

/* The filter is asked row by row and the first lock that is free ends the statement. The server lets go of
 * it when it ends the session: two live writers never have the same. */
static bool take_slot(PGconn *pg, int64_t deadline_ns, int *ret, struct err *err) {
    char sql[128];
    snprintf(sql, sizeof sql,
             "SELECT n FROM generate_series(0, %d) AS n WHERE pg_try_advisory_lock(%d, n) LIMIT 1", SLOT_MAX,
             SLOT_CLASS);
    PGresult *result = ask(pg, sql, deadline_ns);
    bool taken = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (taken)
        *ret = atoi(PQgetvalue(result, 0, 0));
    else
        refused(pg, err);
    PQclear(result);
    return taken;
}

static void work(const struct connector *connector, struct connector_job *job) {
    const struct connector_order *order = &job->order;
    PGconn *pg;
    int slot = -1;
    const char *attributes = order->class == QUERY_READ ? NULL : "read-write";
    if (dial(&pg, connector->conninfo, attributes, order->name, &job->err)) return;
    int64_t deadline_ns = clock_ns() + SETUP_MS * CLOCK_NS_PER_MS;
    if (!settle(pg, order, deadline_ns, &job->err) ||
        (order->class == QUERY_BATCH && !take_slot(pg, deadline_ns, &slot, &job->err))) {
        PQfinish(pg);
        return;
    }
    job->conn = conn_new(pg, order->class, slot);
    if (!job->conn) err_set(&job->err, ERR_NO_MEMORY, "no memory for a database connection");
}

/* --- the thread ------------------------------------------------------------------------------------- */

static void job_free(struct connector_job *job) {
    conn_free(job->conn);
    free(job);
}

static void deliver(struct mail *mail, bool live) {
    struct connector_job *job = (struct connector_job *)mail;
    if (live && !job->cancelled) {
        struct conn *conn = job->conn;
        job->conn = NULL;
        job->order.done(job->order.ctx, conn, &job->err);
    }
    job_free(job);
}

static struct connector_job *next_job(struct connector *connector) {
    struct connector_job *job = NULL;
    pthread_mutex_lock(&connector->lock);
    while (!connector->head && !connector->stop)
        pthread_cond_wait(&connector->wake, &connector->lock);
    if (!connector->stop) {
        job = connector->head;
        connector->head = job->next;
        if (!job->next) connector->tail = &connector->head;
        job->state = JOB_RUNNING;
    }
    pthread_mutex_unlock(&connector->lock);
    return job;
}

static void post(struct connector *connector, struct connector_job *job) {
    pthread_mutex_lock(&connector->lock);
    bool cancelled = job->cancelled;
    if (!cancelled) {
        job->state = JOB_POSTED;
        mailbox_post(job->order.mailbox, &job->mail);
    }
    pthread_mutex_unlock(&connector->lock);
    if (cancelled) job_free(job);
}

static void *run(void *arg) {
    struct connector *connector = arg;
    struct connector_job *job;
    while ((job = next_job(connector))) {
        work(connector, job);
        post(connector, job);
    }
    return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct connector *connector) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&connector->thread, NULL, run, connector);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum err_code session_check_address(const char *conninfo, struct err *err) {
    char *why = NULL;
    PQconninfoOption *parsed = PQconninfoParse(conninfo, &why);
    enum err_code code = ERR_OK;
    if (!parsed)
        code = err_set(err, ERR_INVALID, "the database's address: %.*s", why ? (int)strcspn(why, "\n") : 9,
                       why ? why : "no memory");
    PQconninfoFree(parsed);
    PQfreemem(why);
    return code;
}

enum err_code connector_open(struct connector **ret, const char *conninfo, struct err *err) {
    enum err_code code = session_check_address(conninfo, err);
    if (code) return code;
    struct connector *connector = calloc(1, sizeof *connector);
    if (!connector || !(connector->conninfo = strdup(conninfo))) {
        free(connector);
        return err_set(err, ERR_NO_MEMORY, "no memory for the connector");
    }
    connector->tail = &connector->head;
    pthread_mutex_init(&connector->lock, NULL);
    pthread_cond_init(&connector->wake, NULL);
    if (start_thread(connector) != 0) {
        free(connector->conninfo);
        free(connector);
        return err_set(err, ERR_SYSTEM, "cannot start the connector's thread");
    }
    *ret = connector;
    return ERR_OK;
}

void connector_close(struct connector *connector) {
    if (!connector) return;
    pthread_mutex_lock(&connector->lock);
    connector->stop = true;
    pthread_cond_signal(&connector->wake);
    pthread_mutex_unlock(&connector->lock);
    pthread_join(connector->thread, NULL);
    pthread_cond_destroy(&connector->wake);
    pthread_mutex_destroy(&connector->lock);
    free(connector->conninfo);
    free(connector);
}

enum err_code connector_submit(struct connector *connector, const struct connector_order *order,
                               struct connector_job **ret, struct err *err) {
    struct connector_job *job = calloc(1, sizeof *job);
    if (!job) return err_set(err, ERR_NO_MEMORY, "no memory for a database connection");
    job->mail.deliver = deliver;
    job->order = *order;
    *ret = job;
    pthread_mutex_lock(&connector->lock);
    *connector->tail = job;
    connector->tail = &job->next;
    pthread_cond_signal(&connector->wake);
    pthread_mutex_unlock(&connector->lock);
    return ERR_OK;
}

static void unlink_job(struct connector *connector, struct connector_job *job) {
    struct connector_job **at = &connector->head;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (!*at) connector->tail = at;
}

void connector_cancel(struct connector *connector, struct connector_job *job) {
    if (!job) return;
    pthread_mutex_lock(&connector->lock);
    bool queued = job->state == JOB_QUEUED;
    if (queued) unlink_job(connector, job);
    job->cancelled = true;
    pthread_mutex_unlock(&connector->lock);
    if (queued) job_free(job);
}

/* --- the blocking session --------------------------------------------------------------------------- */

struct session {
    PGconn *pg;
};

enum err_code session_open(struct session **ret, const char *conninfo, struct err *err) {
    PGconn *pg;
    enum err_code code = dial(&pg, conninfo, "read-write", "plateia", err);
    if (code) return code;
    struct session *session = malloc(sizeof *session);
    if (!session) {
        PQfinish(pg);
        return err_set(err, ERR_NO_MEMORY, "no memory for a database session");
    }
    session->pg = pg;
    code = session_exec(session, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'", err);
    if (code)
        session_close(session);
    else
        *ret = session;
    return code;
}

void session_close(struct session *session) {
    if (!session) return;
    PQfinish(session->pg);
    free(session);
}

/* Keeps the rows when they are asked for. */
static enum err_code outcome(PGresult *result, struct rows **ret, struct err *err) {
    ExecStatusType status = PQresultStatus(result);
    enum err_code code = ERR_OK;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        code = rows_failure(result, err);
    if (code || !ret) {
        PQclear(result);
        return code;
    }
    struct rows *rows = rows_new(result);
    if (!rows) return err_set(err, ERR_NO_MEMORY, "no memory for the answer");
    *ret = rows;
    return ERR_OK;
}

static size_t position_of(const PGresult *result) {
    const char *at = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    return at ? strtoul(at, NULL, 10) : 0;
}

enum err_code session_exec(struct session *session, const char *sql, struct err *err) {
    return outcome(PQexec(session->pg, sql), NULL, err);
}

enum err_code session_exec_at(struct session *session, const char *sql, size_t *ret_at, struct err *err) {
    PGresult *result = PQexec(session->pg, sql);
    *ret_at = position_of(result);
    return outcome(result, NULL, err);
}

enum err_code session_query(struct session *session, const char *sql, size_t param_count,
                            const char *const *params, struct rows **ret, struct err *err) {
    PGresult *result = PQexecParams(session->pg, sql, (int)param_count, NULL, params, NULL, NULL, 0);
    return outcome(result, ret, err);
}

enum err_code session_prepare(struct session *session, const struct query *query, struct rows **ret,
                              size_t *ret_at, struct err *err) {
    Oid types[QUERY_MAX_PARAMS + 1];
    int count = conn_types(query, types);
    PGresult *result = PQprepare(session->pg, "", query->text, count, types);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        *ret_at = position_of(result);
        return outcome(result, NULL, err);
    }
    PQclear(result);
    return outcome(PQdescribePrepared(session->pg, ""), ret, err);
}
