#ifndef PLATEIA_TEST_POOL_RIG_H
#define PLATEIA_TEST_POOL_RIG_H

/* pool_rig.h -- for tests: a pool with one share in this thread, and a schema, a set of queries and a second,
 * blocking session of the test's own. Needs a server: PLATEIA_TEST_DATABASE_URL names it, and without it the
 * tests are skipped.
 *
 * Everything runs under an application_name and a search_path of this process alone, given with the address.
 */

#include "../../../core/base/clock.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include "../../../core/services/db/pool.h"
#include "../../../core/services/db/session.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RIG_ANSWERS  512
#define RIG_DEADLINE (20 * CLOCK_NS_PER_S)

struct rig {
    char name[64], conninfo[1024];
    struct session *session;
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct pool *pool;
    struct share *share;
    struct query *queries[64];
    size_t query_count;
    struct share_answer answers[RIG_ANSWERS]; /* by the ticket's slot */
    bool answered[RIG_ANSWERS];
    unsigned place[RIG_ANSWERS]; /* which of all answers it was */
    unsigned told;
    bool submitting;
};

static struct rig rig;

/* --- the server, from beside ------------------------------------------------------------------------ */

static inline void rig_exec(const char *sql) {
    struct err err;
    if (session_exec(rig.session, sql, &err) != ERR_OK) fail_msg("%s: %s", sql, err.text);
}

static inline long rig_number(const char *sql) {
    struct rows *rows = NULL;
    struct err err;
    if (session_query(rig.session, sql, 0, NULL, &rows, &err) != ERR_OK) fail_msg("%s: %s", sql, err.text);
    assert_int_equal(rows_count(rows), 1);
    long number = strtol(rows_value(rows, 0, 0, NULL), NULL, 10);
    rows_free(rows);
    return number;
}

static inline void rig_numberf(long *ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void rig_numberf(long *ret, const char *format, ...) {
    char sql[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    *ret = rig_number(sql);
}

/* --- waiting ---------------------------------------------------------------------------------------- */

/* RIG_UNTIL(condition): turns of the reactor until it holds; fails after the deadline. */
#define RIG_UNTIL(condition)                                                                                 \
    do {                                                                                                     \
        int64_t rig_end = clock_ns() + RIG_DEADLINE;                                                         \
        while (!(condition)) {                                                                               \
            if (clock_ns() > rig_end) fail_msg("never came: %s", #condition);                                \
            reactor_turn(rig.reactor, 5);                                                                    \
        }                                                                                                    \
    } while (0)

static inline const struct share_answer *rig_wait(uint32_t slot) {
    RIG_UNTIL(rig.answered[slot]);
    return &rig.answers[slot];
}

/* An answer that was seen makes room for another of the same number. */
static inline void rig_forget(uint32_t slot) {
    rows_free(rig.answers[slot].rows);
    rig.answers[slot] = (struct share_answer){0};
    rig.answered[slot] = false;
}

static inline void rig_done(void *ctx, struct share_answer *answer) {
    (void)ctx;
    assert_false(rig.submitting);
    assert_true(answer->who.slot < RIG_ANSWERS);
    assert_int_equal(answer->who.serial, answer->who.slot + 7);
    assert_false(rig.answered[answer->who.slot]);
    rig.answers[answer->who.slot] = *answer;
    rig.answered[answer->who.slot] = true;
    rig.place[answer->who.slot] = rig.told++;
}

static inline struct ticket rig_ticket(uint32_t slot) {
    return (struct ticket){.slot = slot, .serial = slot + 7};
}

/* --- queries ---------------------------------------------------------------------------------------- */

/* Lives as long as the rig. */
static inline const struct query *rig_query(const char *text) {
    struct err err;
    assert_true(rig.query_count < sizeof rig.queries / sizeof *rig.queries);
    if (query_parse(&rig.queries[rig.query_count], "q", "q.sql", text, strlen(text), &err) != ERR_OK)
        fail_msg("%s", err.text);
    return rig.queries[rig.query_count++];
}

#define RIG_PARAMS(...) ((const char *const[]){__VA_ARGS__})

static inline enum err_code rig_try(const struct query *query, const char *const *params, uint32_t slot) {
    rig.submitting = true;
    enum err_code code = share_run(rig.share, query, params, rig_ticket(slot), NULL);
    rig.submitting = false;
    return code;
}

static inline void rig_run(const struct query *query, const char *const *params, uint32_t slot) {
    rig_forget(slot);
    assert_int_equal(rig_try(query, params, slot), ERR_OK);
}

static inline const struct share_answer *rig_ask(const struct query *query, const char *const *params) {
    rig_run(query, params, 0);
    return rig_wait(0);
}

static inline const char *rig_value(const struct share_answer *answer, size_t column) {
    if (answer->err.code != ERR_OK) fail_msg("%s: %s", err_name(answer->err.code), answer->err.text);
    assert_int_equal(rows_count(answer->rows), 1);
    return rows_value(answer->rows, 0, column, NULL);
}

static inline struct lease *rig_begin(void) {
    rig_forget(0);
    rig.submitting = true;
    assert_int_equal(share_begin(rig.share, rig_ticket(0), NULL), ERR_OK);
    rig.submitting = false;
    const struct share_answer *answer = rig_wait(0);
    if (answer->err.code != ERR_OK) fail_msg("%s", answer->err.text);
    assert_non_null(answer->lease);
    return answer->lease;
}

static inline void rig_lease_run(struct lease *lease, const struct query *query, const char *const *params,
                                 uint32_t slot) {
    struct err err;
    rig_forget(slot);
    rig.submitting = true;
    if (lease_run(lease, query, params, rig_ticket(slot), &err) != ERR_OK) fail_msg("%s", err.text);
    rig.submitting = false;
}

static inline const struct share_answer *rig_lease_ask(struct lease *lease, const struct query *query,
                                                       const char *const *params) {
    rig_lease_run(lease, query, params, 0);
    return rig_wait(0);
}

static inline const struct share_answer *rig_commit(struct lease *lease) {
    rig_forget(0);
    rig.submitting = true;
    assert_int_equal(lease_commit(lease, rig_ticket(0), NULL), ERR_OK);
    rig.submitting = false;
    return rig_wait(0);
}

static inline struct share_counts rig_counts(void) {
    struct share_counts counts;
    share_count(rig.share, &counts);
    return counts;
}

/* --- opening and closing ---------------------------------------------------------------------------- */

static inline void rig_address(const char *url) {
    snprintf(rig.name, sizeof rig.name, "plateia_unit_%d", (int)getpid());
    const char *format = !strstr(url, "://") ? "%s application_name=%s options='-csearch_path=%s'"
                         : strchr(url, '?')  ? "%s&application_name=%s&options=-csearch_path%%3D%s"
                                             : "%s?application_name=%s&options=-csearch_path%%3D%s";
    snprintf(rig.conninfo, sizeof rig.conninfo, format, url, rig.name, rig.name);
}

static inline struct pool_options rig_options(void) {
    return (struct pool_options){.conninfo = rig.conninfo,
                                 .leases = 2,
                                 .read_timeout_ms = 3000,
                                 .lease_timeout_ms = 15000,
                                 .wait_ms = 10000,
                                 .queue = RIG_ANSWERS};
}

static inline void rig_open(struct pool_options options) {
    struct err err;
    if (reactor_new(&rig.reactor, &err) || mailbox_new(&rig.mailbox, rig.reactor, &err) ||
        pool_open(&rig.pool, &options, &err) ||
        share_open(&rig.share, rig.pool, rig.reactor, rig.mailbox, rig_done, NULL, &err))
        fail_msg("%s", err.text);
}

static inline void rig_up(void) {
    unsigned all = rig_options().leases + 2;
    RIG_UNTIL(rig_counts().connected == all);
    assert_true(pool_ready(rig.pool));
}

static inline int rig_close(void **state) {
    (void)state;
    share_close(rig.share);
    pool_close(rig.pool);
    mailbox_free(rig.mailbox);
    reactor_free(rig.reactor);
    for (uint32_t i = 0; i < RIG_ANSWERS; i++)
        rig_forget(i);
    while (rig.query_count > 0)
        query_free(rig.queries[--rig.query_count]);
    if (rig.session) {
        char sql[128];
        snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %s CASCADE", rig.name);
        rig_exec(sql);
        session_close(rig.session);
    }
    memset(&rig, 0, sizeof rig);
    return 0;
}

/* True when there is a server to test with. */
static inline bool rig_connect(void) {
    struct err err;
    char sql[128];
    const char *url = getenv("PLATEIA_TEST_DATABASE_URL");
    if (!url || !*url) return false;
    rig_address(url);
    if (session_open(&rig.session, rig.conninfo, &err) != ERR_OK) fail_msg("%s", err.text);
    snprintf(sql, sizeof sql, "CREATE SCHEMA %s", rig.name);
    rig_exec(sql);
    return true;
}

/* cmocka's skip() works only in the test itself: each begins with RIG(options). */
#define RIG(options)                                                                                         \
    do {                                                                                                     \
        if (!rig_connect()) skip();                                                                          \
        rig_open(options);                                                                                   \
        rig_up();                                                                                            \
    } while (0)

#endif
