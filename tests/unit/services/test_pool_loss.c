/* test_pool_loss.c -- connections that die, servers that are not there, schemas that change: who is told
 * what, and that all is well again afterwards. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/pool_rig.h"

static const char *const read_sleep = "-- class: read\nSELECT pg_backend_pid(), pg_sleep(20)::text";
static const char *const read_pid = "-- class: read\nSELECT pg_backend_pid()";
static const char *const batch_pid =
    "-- class: batch\n-- params: a double\n-- slot: $2\n"
    "SELECT 1 AS n, pg_backend_pid(), $2, pg_sleep(a)::text FROM unnest($1) AS a";
static const char *const lease_pid = "-- class: lease\nSELECT pg_backend_pid()";
static const char *const lease_sleep = "-- class: lease\nSELECT pg_sleep(20)::text";

static long pid_of(const struct share_answer *answer, size_t column) {
    return strtol(rig_value(answer, column), NULL, 10);
}

static void terminate(long pid) {
    long done;
    rig_numberf(&done, "SELECT pg_terminate_backend(%ld)::int", pid);
    assert_int_equal(done, 1);
}

static bool sleeps(long pid) {
    long count;
    rig_numberf(&count, "SELECT count(*) FROM pg_stat_activity WHERE pid = %ld AND wait_event = 'PgSleep'",
                pid);
    return count == 1;
}

/* --- terminated ------------------------------------------------------------------------------------- */

static void test_idle_connections_die(void **state) {
    (void)state;
    RIG(rig_options());
    long count;
    rig_numberf(&count,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = '%s' AND pid <> pg_backend_pid()",
                rig.name);
    assert_int_equal(count, 4);
    RIG_UNTIL(rig_counts().connected < 4);
    rig_up();
    struct share_numbers numbers = {0};
    share_read(rig.share, &numbers);
    assert_int_equal(numbers.reconnects, 4);
    assert_int_equal(numbers.available[QUERY_LEASE], 2);
    assert_int_not_equal(pid_of(rig_ask(rig_query(read_pid), NULL), 0), 0);
    assert_int_not_equal(pid_of(rig_ask(rig_query(batch_pid), RIG_PARAMS("0")), 1), 0);
    assert_int_not_equal(pid_of(rig_ask(rig_query(lease_pid), NULL), 0), 0);
}

static void test_reads_die(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *pid_query = rig_query(read_pid), *sleep = rig_query(read_sleep);
    long pid = pid_of(rig_ask(pid_query, NULL), 0);
    rig_run(sleep, NULL, 1);
    rig_run(pid_query, NULL, 2);
    RIG_UNTIL(sleeps(pid));
    assert_true(pool_ready(rig.pool));
    terminate(pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_BUSY); /* a read may be asked again */
    assert_int_equal(rig_wait(2)->err.code, ERR_BUSY);
    assert_false(pool_ready(rig.pool));
    assert_int_not_equal(pid_of(rig_ask(pid_query, NULL), 0), pid); /* waits for the new connection */
    assert_true(pool_ready(rig.pool));
}

static void test_a_batch_dies(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *batch = rig_query(batch_pid);
    long pid = pid_of(rig_ask(batch, RIG_PARAMS("0")), 1);
    rig_run(batch, RIG_PARAMS("20"), 1);
    RIG_UNTIL(sleeps(pid));
    rig_run(batch, RIG_PARAMS("0"), 2);
    assert_int_equal(rig_counts().batch_waiting, 1);
    terminate(pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_UNKNOWN);
    assert_int_not_equal(pid_of(rig_wait(2), 1), pid); /* had not left */
}

static void test_leases_die(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *pid_query = rig_query(lease_pid), *sleep = rig_query(lease_sleep);
    struct lease *lease = rig_begin(), *idle = rig_begin();
    long pid = pid_of(rig_lease_ask(lease, pid_query, NULL), 0);
    long idle_pid = pid_of(rig_lease_ask(idle, pid_query, NULL), 0);
    rig_lease_run(lease, sleep, NULL, 1);
    RIG_UNTIL(sleeps(pid));
    terminate(pid);
    terminate(idle_pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_BUSY); /* surely not done: it was never committed */
    rig_up();
    assert_int_equal(lease_run(lease, pid_query, NULL, rig_ticket(2), NULL), ERR_BUSY);
    assert_int_equal(lease_commit(idle, rig_ticket(2), NULL), ERR_BUSY);
    assert_int_equal(rig_counts().leases_busy, 2);
    lease_release(lease);
    lease_release(idle);
    assert_int_equal(rig_counts().leases_busy, 0);
    assert_false(rig.answered[2]);
    assert_int_not_equal(pid_of(rig_ask(pid_query, NULL), 0), 0);
}

static void test_a_single_statement_dies(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    RIG(options);
    const struct query *sleep = rig_query("-- class: lease\nSELECT pg_sleep(20)::text AS \"alone\"");
    rig_run(sleep, NULL, 1);
    long pid = 0;
    RIG_UNTIL((rig_numberf(&pid,
                           "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE application_name = '%s' "
                           "AND wait_event = 'PgSleep'",
                           rig.name),
               pid != 0));
    terminate(pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_UNKNOWN);
    RIG_UNTIL(rig_counts().leases_busy == 0);
}

static void test_a_commit_dies(void **state) {
    (void)state;
    RIG(rig_options());
    rig_exec("CREATE TABLE things (id bigint);"
             "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
             "$$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;"
             "CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED "
             "FOR EACH ROW EXECUTE FUNCTION dawdle()");
    struct lease *lease = rig_begin();
    long pid = pid_of(rig_lease_ask(lease, rig_query(lease_pid), NULL), 0);
    rig_lease_ask(lease, rig_query("-- class: lease\nINSERT INTO things VALUES (1)"), NULL);
    assert_int_equal(lease_commit(lease, rig_ticket(1), NULL), ERR_OK);
    RIG_UNTIL(sleeps(pid));
    terminate(pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_UNKNOWN);
    lease_release(lease);
    rig_up();
    assert_int_equal(rig_counts().leases_busy, 0);
}

/* Its holder went away first; whoever comes next gets a connection that works. */
static void test_a_released_lease_dies(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *pid_query = rig_query(lease_pid);
    struct lease *lease = rig_begin();
    long pid = pid_of(rig_lease_ask(lease, pid_query, NULL), 0);
    rig_lease_run(lease, rig_query(lease_sleep), NULL, 1);
    RIG_UNTIL(sleeps(pid));
    lease_release(lease);
    terminate(pid);
    assert_int_equal(rig_wait(1)->err.code, ERR_BUSY);
    rig_up();
    assert_int_equal(rig_counts().leases_busy, 0);
    for (int i = 0; i < 4; i++)
        assert_int_not_equal(pid_of(rig_ask(pid_query, NULL), 0), pid);
}

/* --- changed under us ------------------------------------------------------------------------------- */

static void test_a_column_changes_its_type(void **state) {
    (void)state;
    RIG(rig_options());
    rig_exec("CREATE TABLE things (id int); INSERT INTO things VALUES (7)");
    const struct query *queries[] = {
        rig_query("-- class: read\nSELECT id FROM things"),
        rig_query("-- class: batch\n-- params: a int\nSELECT id, 1 AS n, unnest($1) FROM things"),
        rig_query("-- class: lease\nSELECT id FROM things"),
    };
    for (int i = 0; i < 3; i++)
        for (int round = 0; round < 3; round++) /* on each of the leases, too */
            assert_int_equal(rows_type(rig_ask(queries[i], RIG_PARAMS("1"))->rows, 0), TYPE_INT);
    struct lease *lease = rig_begin();
    rig_lease_ask(lease, queries[2], NULL);
    lease_release(lease);
    RIG_UNTIL(rig_counts().leases_busy == 0);

    rig_exec("ALTER TABLE things ALTER COLUMN id TYPE bigint");
    for (uint32_t i = 0; i < 8; i++) /* several in flight with the old one */
        rig_run(queries[0], NULL, i);
    for (uint32_t i = 0; i < 8; i++)
        assert_string_equal(rig_value(rig_wait(i), 0), "7");
    assert_int_equal(rows_type(rig_wait(7)->rows, 0), TYPE_BIGINT);
    assert_string_equal(rig_value(rig_ask(queries[1], RIG_PARAMS("1")), 0), "7");

    lease = rig_begin(); /* inside a transaction nothing can be run again, but the next one works */
    assert_string_equal(rig_lease_ask(lease, queries[2], NULL)->err.state, "0A000");
    lease_release(lease);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    lease = rig_begin();
    assert_string_equal(rig_value(rig_lease_ask(lease, queries[2], NULL), 0), "7");
    lease_release(lease);

    rig_exec("ALTER TABLE things ALTER COLUMN id TYPE text USING 'seven'");
    RIG_UNTIL(rig_counts().leases_busy == 0);
    assert_string_equal(rig_value(rig_ask(queries[2], NULL), 0), "seven");
    assert_string_equal(rig_value(rig_ask(queries[0], NULL), 0), "seven");
}

static void test_prepared_statements_vanish(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *one = rig_query("-- class: read\nSELECT 1");
    const struct query *forget = rig_query("-- class: read\nDEALLOCATE ALL");
    assert_string_equal(rig_value(rig_ask(one, NULL), 0), "1");
    assert_int_equal(rig_ask(forget, NULL)->err.code, ERR_OK);
    for (uint32_t i = 0; i < 4; i++)
        rig_run(one, NULL, i);
    for (uint32_t i = 0; i < 4; i++)
        assert_string_equal(rig_value(rig_wait(i), 0), "1");
}

/* --- not there -------------------------------------------------------------------------------------- */

static void test_no_server(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.conninfo = "host=/nonexistent/plateia";
    options.wait_ms = 400; /* several attempts */
    rig_open(options);
    rig_run(rig_query(read_pid), NULL, 1);
    rig_run(rig_query(batch_pid), RIG_PARAMS("0"), 2);
    rig_run(rig_query(lease_pid), NULL, 3);
    assert_int_equal(share_begin(rig.share, rig_ticket(4), NULL), ERR_OK);
    for (uint32_t i = 1; i <= 4; i++) {
        assert_int_equal(rig_wait(i)->err.code, ERR_BUSY);
        assert_non_null(strstr(rig_wait(i)->err.text, "/nonexistent/plateia"));
    }
    assert_false(pool_ready(rig.pool));
    assert_int_equal(rig_counts().connected, 0);
}

/* Closing with calls in every state, and before any connection was made. */
static void test_closing_drops_what_waits(void **state) {
    (void)state;
    if (!rig_connect()) skip();
    rig_open(rig_options());
    const struct query *queries[] = {rig_query(read_sleep), rig_query(batch_pid), rig_query(lease_sleep)};
    for (int connected = 0; connected < 2; connected++) {
        if (connected) rig_up();
        for (uint32_t i = 0; i < 12; i++)
            rig_run(queries[i % 3], RIG_PARAMS("20"), i);
        assert_int_equal(share_begin(rig.share, rig_ticket(12), NULL), ERR_OK);
        if (connected) RIG_UNTIL(rig_counts().leases_busy == 2);
        share_close(rig.share);
        assert_false(pool_ready(rig.pool));
        for (int turn = 0; turn < 3; turn++)
            reactor_turn(rig.reactor, 5);
        for (uint32_t i = 0; i < 13; i++)
            assert_false(rig.answered[i]);
        assert_int_equal(share_open(&rig.share, rig.pool, rig.reactor, rig.mailbox, rig_done, NULL, NULL),
                         ERR_OK);
    }
    rig_up();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_idle_connections_die, rig_close),
        cmocka_unit_test_teardown(test_reads_die, rig_close),
        cmocka_unit_test_teardown(test_a_batch_dies, rig_close),
        cmocka_unit_test_teardown(test_leases_die, rig_close),
        cmocka_unit_test_teardown(test_a_single_statement_dies, rig_close),
        cmocka_unit_test_teardown(test_a_commit_dies, rig_close),
        cmocka_unit_test_teardown(test_a_released_lease_dies, rig_close),
        cmocka_unit_test_teardown(test_a_column_changes_its_type, rig_close),
        cmocka_unit_test_teardown(test_prepared_statements_vanish, rig_close),
        cmocka_unit_test_teardown(test_no_server, rig_close),
        cmocka_unit_test_teardown(test_closing_drops_what_waits, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
