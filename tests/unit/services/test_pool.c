/* test_pool.c -- statements of every class against a real server: what goes out, what comes back, and the
 * bounds. What happens when connections die is in test_pool_loss.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/pool_rig.h"
#include <pthread.h>

/* --- the pool --------------------------------------------------------------------------------------- */

static void test_one_pool(void **state) {
    (void)state;
    struct pool *second = NULL;
    struct pool_options options = {.conninfo = "host=/nowhere", .queue = 1};
    struct err err;
    assert_int_equal(pool_open(&rig.pool, &options, &err), ERR_OK);
    assert_int_equal(pool_open(&second, &options, &err), ERR_EXISTS);
    assert_null(second);
    assert_false(pool_ready(rig.pool));
    pool_close(rig.pool);

    options.conninfo = "host = 'unclosed";
    assert_int_equal(pool_open(&rig.pool, &options, &err), ERR_INVALID);
    options.conninfo = "host=/nowhere";
    assert_int_equal(pool_open(&rig.pool, &options, &err), ERR_OK);
}

static void test_backends(void **state) {
    (void)state;
    RIG(rig_options());
    char sql[256];
    struct share *second = NULL;
    snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s' AND pid <> pg_backend_pid()",
        rig.name);
    assert_int_equal(rig_number(sql), 4); /* 1 read, 1 batch, 2 leases */
    assert_int_equal(share_open(&second, rig.pool, rig.reactor, rig.mailbox, rig_done, NULL, NULL), ERR_OK);
    assert_false(pool_ready(rig.pool));
    struct share_counts counts = {0};
    RIG_UNTIL((share_count(second, &counts), counts.connected == 4));
    assert_true(pool_ready(rig.pool));
    assert_int_equal(rig_number(sql), 8);
    share_close(second);
    RIG_UNTIL(rig_number(sql) == 4);
    assert_true(pool_ready(rig.pool));
}

/* --- reads ------------------------------------------------------------------------------------------ */

static void test_values(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *query =
        rig_query("-- class: read\n-- params: a text, b text, c bigint[], d timestamptz, e jsonb\n"
                  "SELECT $1 AS a, $2 AS b, $3[2] AS c, $4 AS d, $5->'x' AS e, 1::int2 AS f, "
                  "1.5::float8 AS g, true AS h, 1.5::numeric AS i, date '2026-11-01' AS j");
    const struct share_answer *answer =
        rig_ask(query, RIG_PARAMS("gr\xc3\xb6\xc3\x9f"
                                  "er \xf0\x9f\x8e\xac '\"\\",
                                  NULL, "{1,9007199254740993}", "2026-11-01T12:00:00+02:00", "{\"x\": [1]}"));
    static const enum value_type types[] = {TYPE_TEXT,  TYPE_TEXT, TYPE_BIGINT, TYPE_TIMESTAMPTZ,
                                            TYPE_JSONB, TYPE_INT,  TYPE_DOUBLE, TYPE_BOOLEAN,
                                            TYPE_OTHER, TYPE_DATE};
    assert_string_equal(rig_value(answer, 0), "gr\xc3\xb6\xc3\x9f"
                                              "er \xf0\x9f\x8e\xac '\"\\");
    assert_null(rig_value(answer, 1));
    assert_string_equal(rig_value(answer, 2), "9007199254740993");
    assert_string_equal(rig_value(answer, 3), "2026-11-01 10:00:00+00");
    assert_string_equal(rig_value(answer, 4), "[1]");
    assert_int_equal(rows_columns(answer->rows), 10);
    assert_string_equal(rows_name(answer->rows, 9), "j");
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(rows_type(answer->rows, i), types[i]);
    size_t len = 0;
    rows_value(answer->rows, 0, 9, &len);
    assert_int_equal(len, 10);
}

static void test_reads_cannot_write(void **state) {
    (void)state;
    RIG(rig_options());
    rig_exec("CREATE TABLE things (id bigint)");
    const struct query *write =
        rig_query("-- class: read\nWITH w AS (INSERT INTO things VALUES (1) RETURNING id) SELECT id FROM w");
    const struct query *pid = rig_query("-- class: read\nSELECT pg_backend_pid()");
    long before = strtol(rig_value(rig_ask(pid, NULL), 0), NULL, 10);
    const struct share_answer *answer = rig_ask(write, NULL);
    assert_int_equal(answer->err.code, ERR_DATABASE);
    assert_string_equal(answer->err.state, "25006");
    assert_int_equal(strtol(rig_value(rig_ask(pid, NULL), 0), NULL, 10), before);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 0);
}

static void test_statements_are_not_compiled(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *jit = rig_query("-- class: read\nSELECT current_setting('jit')");
    assert_string_equal(rig_value(rig_ask(jit, NULL), 0), "off");
}

static void test_reads_are_planned_once(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *read = rig_query("-- class: read\n-- params: a int\nSELECT $1 + 1");
    const struct query *plans = rig_query("-- class: read\nSELECT generic_plans, custom_plans FROM "
                                          "pg_prepared_statements WHERE statement LIKE '%+ 1'");
    for (int i = 0; i < 3; i++)
        assert_string_equal(rig_value(rig_ask(read, RIG_PARAMS("1")), 0), "2");
    assert_string_equal(rig_value(rig_ask(plans, NULL), 0), "3");
    assert_string_equal(rig_value(rig_wait(0), 1), "0");
}

/* More than a socket takes at once, both ways. */
static void test_large_values(void **state) {
    (void)state;
    RIG(rig_options());
    enum { SIZE = 6 * 1024 * 1024 };
    const struct query *query = rig_query("-- class: read\n-- params: a text\nSELECT $1 AS a");
    char *text = malloc(SIZE + 1);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    rig_run(query, RIG_PARAMS(text), 0);
    rig_run(query, RIG_PARAMS("behind"), 1);
    size_t len = 0;
    assert_non_null(rig_value(rig_wait(0), 0));
    rows_value(rig_wait(0)->rows, 0, 0, &len);
    assert_int_equal(len, SIZE);
    assert_string_equal(rig_value(rig_wait(1), 0), "behind");
    free(text);
}

static void test_more_statements_than_are_kept(void **state) {
    (void)state;
    RIG(rig_options());
    char text[64], expected[16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 200; i++) {
            struct query *query = NULL;
            snprintf(text, sizeof text, "-- class: read\nSELECT %d", i);
            snprintf(expected, sizeof expected, "%d", i);
            assert_int_equal(query_parse(&query, "q", "q.sql", text, strlen(text), NULL), ERR_OK);
            assert_string_equal(rig_value(rig_ask(query, NULL), 0), expected);
            query_free(query);
        }
    const struct query *kept = rig_query("-- class: read\nSELECT count(*) FROM pg_prepared_statements");
    assert_in_range(strtol(rig_value(rig_ask(kept, NULL), 0), NULL, 10), 1, 128);
}

/* --- batches ---------------------------------------------------------------------------------------- */

static void test_batch_elements(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *query =
        rig_query("-- class: batch\n-- params: a text, b bigint\n-- slot: $3\n"
                  "SELECT n::int, a, b, $3 AS slot FROM unnest($1, $2) WITH ORDINALITY AS t (a, b, n)");
    static const char *const texts[] = {"plain",       "",      " ",        "NULL", "{a,b}",
                                        "a\"b\\c\\\"", "\n\t'", "\xc3\xa9", NULL};
    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++)
        rig_run(query, RIG_PARAMS(texts[i], i % 2 ? "-5" : NULL), i);
    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct share_answer *answer = rig_wait(i);
        if (texts[i])
            assert_string_equal(rig_value(answer, 1), texts[i]);
        else
            assert_null(rig_value(answer, 1));
        if (i % 2)
            assert_string_equal(rig_value(answer, 2), "-5");
        else
            assert_null(rig_value(answer, 2));
    }
}

static void test_slots_differ(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *query =
        rig_query("-- class: batch\n-- params: a int\n-- slot: $2\nSELECT 1 AS n, $2 AS slot");
    struct share *first = rig.share, *second = NULL;
    assert_int_equal(share_open(&second, rig.pool, rig.reactor, rig.mailbox, rig_done, NULL, NULL), ERR_OK);
    rig_run(query, RIG_PARAMS("1"), 0);
    rig.share = second;
    rig_run(query, RIG_PARAMS("1"), 1); /* waits for its connection */
    rig.share = first;
    const char *one = rig_value(rig_wait(0), 1), *two = rig_value(rig_wait(1), 1);
    assert_string_not_equal(one, two);
    share_close(second);
}

static void test_batch_must_answer_each_call(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *nameless = rig_query("-- class: batch\n-- params: a int\nSELECT 1 AS number, $1");
    const struct query *empty = rig_query("-- class: batch\n-- params: a int\nSELECT 1 AS n, $1 LIMIT 0");
    const struct query *wrong = rig_query("-- class: batch\n-- params: a int\nSELECT 2 AS n, $1");
    assert_int_equal(rig_ask(nameless, RIG_PARAMS("1"))->err.code, ERR_INVALID);
    assert_int_equal(rig_ask(empty, RIG_PARAMS("1"))->err.code, ERR_INVALID);
    assert_int_equal(rig_ask(wrong, RIG_PARAMS("1"))->err.code, ERR_INVALID);
}

/* The statement succeeds and its commit does not: nobody may be told that it did. */
static void test_a_commit_that_fails(void **state) {
    (void)state;
    RIG(rig_options());
    rig_exec("CREATE TABLE things (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    const struct query *batch = rig_query(
        "-- class: batch\n-- params: id bigint\nINSERT INTO things SELECT unnest($1) RETURNING 1 AS n");
    const struct query *alone =
        rig_query("-- class: lease\n-- params: id bigint\nINSERT INTO things VALUES ($1) RETURNING id");
    assert_string_equal(rig_value(rig_ask(batch, RIG_PARAMS("1")), 0), "1");
    const struct query *both[] = {batch, alone};
    for (int i = 0; i < 2; i++) {
        const struct share_answer *answer = rig_ask(both[i], RIG_PARAMS("1"));
        assert_int_equal(answer->err.code, ERR_DATABASE);
        assert_string_equal(answer->err.state, "23505");
        assert_null(answer->rows);
        assert_non_null(rig_value(rig_ask(both[i], RIG_PARAMS(i ? "2" : "3")), 0));
    }
    struct lease *lease = rig_begin();
    assert_string_equal(rig_value(rig_lease_ask(lease, alone, RIG_PARAMS("1")), 0), "1");
    assert_string_equal(rig_commit(lease)->err.state, "23505");
    lease_release(lease);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 3);
}

/* --- leases ----------------------------------------------------------------------------------------- */

static const char *const insert_text =
    "-- class: lease\n-- params: id bigint, body text\nINSERT INTO things VALUES ($1, $2)";

static void test_transactions(void **state) {
    (void)state;
    RIG(rig_options());
    rig_exec("CREATE TABLE things (id bigint PRIMARY KEY, body text)");
    const struct query *insert = rig_query(insert_text);
    const struct query *count = rig_query("-- class: read\nSELECT count(*) FROM things");

    struct lease *lease = rig_begin();
    assert_int_equal(rows_affected(rig_lease_ask(lease, insert, RIG_PARAMS("1", "a"))->rows), 1);
    assert_string_equal(rig_value(rig_lease_ask(lease, count, NULL), 0), "1");
    assert_string_equal(rig_value(rig_ask(count, NULL), 0), "0");
    assert_int_equal(rig_commit(lease)->err.code, ERR_OK);
    assert_string_equal(rig_value(rig_ask(count, NULL), 0), "1");
    assert_int_equal(lease_run(lease, count, NULL, rig_ticket(1), NULL), ERR_INVALID); /* it has ended */
    lease_release(lease);

    lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, insert, RIG_PARAMS("2", "b"))->err.code, ERR_OK);
    lease_release(lease);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    assert_string_equal(rig_value(rig_ask(count, NULL), 0), "1");

    lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, insert, RIG_PARAMS("3", "c"))->err.code, ERR_OK);
    assert_string_equal(rig_lease_ask(lease, insert, RIG_PARAMS("1", "again"))->err.state, "23505");
    assert_string_equal(rig_lease_ask(lease, count, NULL)->err.state, "25P02");
    assert_int_equal(rig_commit(lease)->err.code, ERR_DATABASE); /* as there is nothing to commit */
    lease_release(lease);
    assert_string_equal(rig_value(rig_ask(count, NULL), 0), "1");

    assert_int_equal(rows_affected(rig_ask(insert, RIG_PARAMS("4", NULL))->rows),
                     1); /* alone, commits itself */
    assert_string_equal(rig_value(rig_ask(count, NULL), 0), "2");
    assert_int_equal(rig_counts().leases_busy, 0);
}

static void test_misuse_of_a_lease(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *sleep = rig_query("-- class: lease\nSELECT pg_sleep(0.1)::text");
    const struct query *batch = rig_query("-- class: batch\n-- params: a int\nSELECT 1 AS n, $1");
    struct lease *lease = rig_begin();
    assert_int_equal(lease_run(lease, batch, RIG_PARAMS("1"), rig_ticket(1), NULL), ERR_INVALID);
    rig_lease_run(lease, sleep, NULL, 1);
    assert_int_equal(lease_run(lease, sleep, NULL, rig_ticket(2), NULL), ERR_INVALID); /* one at a time */
    assert_int_equal(lease_commit(lease, rig_ticket(2), NULL), ERR_INVALID);
    assert_int_equal(rig_wait(1)->err.code, ERR_OK);
    lease_release(lease);
    lease_release(NULL);
    assert_false(rig.answered[2]);
}

/* Released in the middle of a statement: what it did is gone, and the lease serves again. */
static void test_release_while_running(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.lease_timeout_ms = 300;
    RIG(options);
    rig_exec("CREATE TABLE things (id bigint PRIMARY KEY, body text)");
    const struct query *insert = rig_query(insert_text);
    const struct query *sleep = rig_query("-- class: lease\nSELECT pg_sleep(30)::text");
    struct lease *first = rig_begin(), *second = rig_begin();
    assert_int_equal(rig_lease_ask(first, insert, RIG_PARAMS("1", "a"))->err.code, ERR_OK);
    rig_lease_run(first, sleep, NULL, 1);
    rig_lease_run(second, insert, RIG_PARAMS("2", "b"), 2);
    lease_release(first);
    lease_release(second);
    assert_int_equal(rig_counts().leases_busy, 2);
    assert_int_equal(rig_wait(1)->err.code, ERR_TIMEOUT);
    assert_int_equal(rig_wait(2)->err.code, ERR_OK);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 0);
    assert_int_equal(rows_affected(rig_ask(insert, RIG_PARAMS("3", "c"))->rows), 1);
}

/* --- names ------------------------------------------------------------------------------------------ */

static bool nameless;

static void name_slot(void *ctx, struct ticket who, char *ret, size_t size) {
    (void)ctx;
    snprintf(ret, size, nameless ? "" : "asker '%u\\", who.slot);
}

static void test_who_has_a_lease_is_named(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *name = rig_query("-- class: lease\nSELECT current_setting('application_name')"),
                       *read = rig_query("-- class: read\nSELECT current_setting('application_name')"),
                       *fail = rig_query("-- class: lease\nSELECT 1 / 0");
    assert_string_equal(rig_value(rig_ask(name, NULL), 0), rig.name); /* nobody can tell */
    share_named(rig.share, name_slot);
    nameless = false;
    for (uint32_t slot = 1; slot < 6; slot++) {
        rig_run(name, NULL, slot);
        char wanted[32];
        snprintf(wanted, sizeof wanted, "asker '%u\\", slot);
        assert_string_equal(rig_value(rig_wait(slot), 0), wanted);
    }
    assert_string_equal(rig_value(rig_ask(read, NULL), 0), rig.name); /* a reader is not alone */
    assert_int_equal(rig_ask(fail, NULL)->err.code, ERR_DATABASE);

    struct lease *lease = rig_begin();
    assert_string_equal(rig_value(rig_lease_ask(lease, name, NULL), 0), "asker '0\\");
    assert_string_equal(rig_value(rig_lease_ask(lease, name, NULL), 0), "asker '0\\");
    rig_commit(lease);
    lease_release(lease);
    nameless = true;
    for (int i = 0; i < 4; i++)
        assert_string_equal(rig_value(rig_ask(name, NULL), 0), rig.name); /* it ended with the transaction */
}

/* Somebody between us and the server may forget what was prepared. */
static void test_a_name_that_was_forgotten(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *name = rig_query("-- class: lease\nSELECT current_setting('application_name')"),
                       *forget = rig_query("-- class: lease\nDEALLOCATE ALL");
    nameless = false;
    share_named(rig.share, name_slot);
    assert_string_equal(rig_value(rig_ask(name, NULL), 0), "asker '0\\");
    assert_int_equal(rig_ask(forget, NULL)->err.code, ERR_OK);
    assert_int_equal(rig_ask(name, NULL)->err.code, ERR_OK); /* once more, without */
    assert_string_equal(rig_value(rig_ask(name, NULL), 0), "asker '0\\");

    assert_int_equal(rig_ask(forget, NULL)->err.code, ERR_OK);
    struct lease *lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, name, NULL)->err.code, ERR_DATABASE); /* spoilt */
    lease_release(lease);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    lease = rig_begin();
    lease_release(lease);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    assert_string_equal(rig_value(rig_ask(name, NULL), 0), "asker '0\\"); /* and well again */
}

/* A transaction may be given another isolation, and what may be in none is in none. */
static void test_a_name_is_in_nobodys_way(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *level =
        rig_query("-- class: lease\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    const struct query *which = rig_query("-- class: lease\nSELECT current_setting('transaction_isolation')");
    const struct query *vacuum = rig_query("-- class: lease\nVACUUM pg_namespace");
    nameless = false;
    share_named(rig.share, name_slot);
    for (int i = 0; i < 3; i++) {
        struct lease *lease = rig_begin();
        assert_int_equal(rig_lease_ask(lease, level, NULL)->err.code, ERR_OK); /* before any other */
        assert_string_equal(rig_value(rig_lease_ask(lease, which, NULL), 0), "repeatable read");
        rig_commit(lease);
        lease_release(lease);
        assert_int_equal(rig_ask(vacuum, NULL)->err.code, ERR_OK); /* alone, or not at all */
    }
}

/* --- bounds ----------------------------------------------------------------------------------------- */

static void test_waiting_for_a_lease(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.wait_ms = 150;
    RIG(options);
    const struct query *one = rig_query("-- class: lease\nSELECT 1");
    struct share_numbers numbers = {0};
    share_read(rig.share, &numbers);
    assert_int_equal(numbers.max[QUERY_LEASE], 2);
    assert_int_equal(numbers.available[QUERY_LEASE], 2);
    assert_int_equal(numbers.available[QUERY_READ], 1);
    assert_int_equal(numbers.available[QUERY_BATCH], 1);
    struct lease *first = rig_begin(), *second = rig_begin();
    int64_t start_ns = clock_ns();
    rig_run(one, NULL, 1);
    assert_int_equal(share_begin(rig.share, rig_ticket(2), NULL), ERR_OK);
    assert_int_equal(rig_counts().lease_waiting, 2);
    numbers = (struct share_numbers){0};
    share_read(rig.share, &numbers);
    assert_int_equal(numbers.available[QUERY_LEASE], 0);
    assert_int_equal(numbers.waiting[QUERY_LEASE], 2);
    assert_int_equal(rig_wait(1)->err.code, ERR_BUSY);
    assert_int_equal(rig_wait(2)->err.code, ERR_BUSY);
    assert_null(rig_wait(2)->lease);
    assert_in_range(rig_wait(1)->queued_ns, 150 * CLOCK_NS_PER_MS, clock_ns() - start_ns);
    assert_in_range(clock_ns() - start_ns, 150 * CLOCK_NS_PER_MS, 5000 * CLOCK_NS_PER_MS);

    rig_run(one, NULL, 1); /* waits, and gets it in time */
    start_ns = clock_ns();
    while (clock_ns() - start_ns < 20 * CLOCK_NS_PER_MS)
        reactor_turn(rig.reactor, 1);
    lease_release(first);
    assert_string_equal(rig_value(rig_wait(1), 0), "1");
    assert_in_range(rig_wait(1)->queued_ns, 19 * CLOCK_NS_PER_MS, 150 * CLOCK_NS_PER_MS);
    lease_release(second);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    numbers = (struct share_numbers){0};
    share_read(rig.share, &numbers);
    assert_int_equal(numbers.available[QUERY_LEASE], 2);
    assert_int_equal(numbers.waiting[QUERY_LEASE], 0);
    assert_int_equal(numbers.timeouts[QUERY_LEASE], 2);
    assert_int_equal(numbers.statements[QUERY_LEASE], 1);
    uint64_t acquired = 0;
    for (size_t i = 0; i <= METER_BOUNDS; i++)
        acquired += numbers.acquire.within[i];
    assert_int_equal(acquired, 3);
    assert_true(numbers.acquire.sum < 2 * 150 * CLOCK_NS_PER_MS);
}

static void test_full_queues(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.queue = 3;
    RIG(options);
    static const char *const texts[] = {
        "-- class: read\n-- params: a int\nSELECT $1, pg_sleep(0.05)::text",
        "-- class: batch\n-- params: a int\n"
        "SELECT a, pg_sleep(0.05)::text, n FROM unnest($1) WITH ORDINALITY AS t (a, n)",
        "-- class: lease\n-- params: a int\nSELECT $1, pg_sleep(0.05)::text"};
    static const uint32_t room[] = {3, 3, 5}; /* two statements run on leases, and three wait */
    for (int class = 0; class < 3; class ++) {
        const struct query *query = rig_query(texts[class]);
        for (uint32_t i = 0; i < room[class]; i++)
            rig_run(query, RIG_PARAMS("1"), i);
        assert_int_equal(rig_try(query, RIG_PARAMS("1"), 100), ERR_BUSY);
        for (uint32_t i = 0; i < room[class]; i++)
            assert_int_equal(rig_wait(i)->err.code, ERR_OK);
        assert_string_equal(rig_value(rig_ask(query, RIG_PARAMS("1")), 0), "1");
    }
    assert_false(rig.answered[100]);
}

/* --- answers that bring calls ----------------------------------------------------------------------- */

static const struct query *chained;
static uint32_t links;

static void chain(void *ctx, struct share_answer *answer) {
    (void)ctx;
    assert_int_equal(answer->err.code, ERR_OK);
    rows_free(answer->rows);
    if (++links % 100 != 0)
        assert_int_equal(share_run(rig.share, chained, RIG_PARAMS("1"), rig_ticket(0), NULL), ERR_OK);
}

static void test_calls_from_within_answers(void **state) {
    (void)state;
    if (!rig_connect()) skip();
    struct pool_options options = rig_options();
    rig_open(options);
    share_close(rig.share);
    assert_int_equal(share_open(&rig.share, rig.pool, rig.reactor, rig.mailbox, chain, NULL, NULL), ERR_OK);
    static const char *const texts[] = {"-- class: read\n-- params: a int\nSELECT $1",
                                        "-- class: batch\n-- params: a int\nSELECT 1 AS n, $1",
                                        "-- class: lease\n-- params: a int\nSELECT $1"};
    for (uint32_t i = 0; i < 3; i++) {
        chained = rig_query(texts[i]);
        assert_int_equal(share_run(rig.share, chained, RIG_PARAMS("1"), rig_ticket(0), NULL), ERR_OK);
        RIG_UNTIL(links == (i + 1) * 100);
    }
}

/* --- threads ---------------------------------------------------------------------------------------- */

#define WORKER_CALLS 300

struct worker {
    pthread_t thread;
    const struct query *read, *batch, *lease;
    struct reactor *reactor;
    struct share *share;
    int sent, done, good;
    char slot[12];
};

static void worker_done(void *ctx, struct share_answer *answer) {
    struct worker *worker = ctx;
    worker->good += answer->err.code == ERR_OK;
    if (answer->rows && rows_columns(answer->rows) == 2)
        snprintf(worker->slot, sizeof worker->slot, "%s", rows_value(answer->rows, 0, 1, NULL));
    rows_free(answer->rows);
    if (++worker->done == WORKER_CALLS) reactor_stop(worker->reactor);
}

static void *work(void *arg) {
    struct worker *worker = arg;
    const struct query *queries[] = {worker->read, worker->batch, worker->lease};
    struct mailbox *mailbox;
    if (reactor_new(&worker->reactor, NULL) || mailbox_new(&mailbox, worker->reactor, NULL) ||
        share_open(&worker->share, rig.pool, worker->reactor, mailbox, worker_done, worker, NULL))
        return NULL;
    for (; worker->sent < WORKER_CALLS; worker->sent++)
        share_run(worker->share, queries[worker->sent % 3], RIG_PARAMS("1"), rig_ticket(0), NULL);
    reactor_run(worker->reactor);
    share_close(worker->share);
    mailbox_free(mailbox);
    reactor_free(worker->reactor);
    return NULL;
}

static void test_two_threads(void **state) {
    (void)state;
    RIG(rig_options());
    struct worker workers[2] = {0};
    const struct query *read = rig_query("-- class: read\n-- params: a int\nSELECT $1");
    const struct query *batch = rig_query("-- class: batch\n-- params: a int\n-- slot: $2\n"
                                          "SELECT n, $2 AS slot FROM unnest($1) WITH ORDINALITY AS t (a, n)");
    const struct query *lease = rig_query("-- class: lease\n-- params: a int\nSELECT $1");
    for (int i = 0; i < 2; i++) {
        workers[i].read = read, workers[i].batch = batch, workers[i].lease = lease;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].good, WORKER_CALLS);
        assert_int_not_equal(strlen(workers[i].slot), 0);
    }
    assert_true(pool_ready(rig.pool));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_pool, rig_close),
        cmocka_unit_test_teardown(test_backends, rig_close),
        cmocka_unit_test_teardown(test_values, rig_close),
        cmocka_unit_test_teardown(test_reads_cannot_write, rig_close),
        cmocka_unit_test_teardown(test_statements_are_not_compiled, rig_close),
        cmocka_unit_test_teardown(test_reads_are_planned_once, rig_close),
        cmocka_unit_test_teardown(test_large_values, rig_close),
        cmocka_unit_test_teardown(test_more_statements_than_are_kept, rig_close),
        cmocka_unit_test_teardown(test_batch_elements, rig_close),
        cmocka_unit_test_teardown(test_slots_differ, rig_close),
        cmocka_unit_test_teardown(test_batch_must_answer_each_call, rig_close),
        cmocka_unit_test_teardown(test_a_commit_that_fails, rig_close),
        cmocka_unit_test_teardown(test_transactions, rig_close),
        cmocka_unit_test_teardown(test_misuse_of_a_lease, rig_close),
        cmocka_unit_test_teardown(test_release_while_running, rig_close),
        cmocka_unit_test_teardown(test_who_has_a_lease_is_named, rig_close),
        cmocka_unit_test_teardown(test_a_name_that_was_forgotten, rig_close),
        cmocka_unit_test_teardown(test_a_name_is_in_nobodys_way, rig_close),
        cmocka_unit_test_teardown(test_waiting_for_a_lease, rig_close),
        cmocka_unit_test_teardown(test_full_queues, rig_close),
        cmocka_unit_test_teardown(test_calls_from_within_answers, rig_close),
        cmocka_unit_test_teardown(test_two_threads, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
