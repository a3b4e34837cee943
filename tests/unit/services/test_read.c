/* test_read.c -- reads that share a connection and a Sync, against a real server: which of them share one,
 * and that nobody pays for a neighbour's failure. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/log.h"
#include "../support/pool_rig.h"

#define SHARE 16 /* of read.c */

/* Statements under one Sync are one transaction, and a transaction has a number. `a` makes one fail. */
static const char *const numbered = "-- class: read\n-- params: a int\n"
                                    "SELECT virtualtransaction AS number, 100 / $1 AS part FROM pg_locks "
                                    "WHERE pid = pg_backend_pid() AND locktype = 'virtualxid'";
static const char *const one = "-- class: read\nSELECT 1";

static const char *number_of(uint32_t slot) {
    return rig_value(rig_wait(slot), 0);
}

static void submit(const struct query *query, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
        rig_run(query, RIG_PARAMS("1"), i);
}

/* --- sharing ---------------------------------------------------------------------------------------- */

static void test_a_turns_reads_share_a_sync(void **state) {
    (void)state;
    RIG(rig_options());
    enum { ALL = 2 * SHARE + 8 };
    submit(rig_query(numbered), 0, ALL);
    assert_int_equal(rig_counts().read_in_flight, 0);
    reactor_turn(rig.reactor, -1); /* nothing happens but that they leave */
    assert_int_equal(rig_counts().read_in_flight, ALL);
    for (uint32_t i = 1; i < ALL; i++) {
        bool same = strcmp(number_of(i), number_of(i - 1)) == 0;
        assert_int_equal(same, i % SHARE != 0);
        assert_true(rig.place[i] > rig.place[i - 1]);
    }
    assert_int_equal(rig_counts().read_in_flight, 0);
}

static void test_turns_do_not_share(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *query = rig_query(numbered);
    submit(query, 0, 1);
    reactor_turn(rig.reactor, 0);
    submit(query, 1, 2);
    assert_string_not_equal(number_of(0), number_of(1));
}

/* --- one fails -------------------------------------------------------------------------------------- */

/* Those before it keep their answers, those behind it under its Sync leave again, each alone. */
static void test_a_failed_read_keeps_its_neighbours(void **state) {
    (void)state;
    RIG(rig_options());
    enum { BAD = 5 };
    const struct query *query = rig_query(numbered);
    rig_ask(query, RIG_PARAMS("1"));
    for (uint32_t i = 0; i < 2 * SHARE; i++)
        rig_run(query, RIG_PARAMS(i == BAD ? "0" : "1"), i);
    const struct share_answer *failed = rig_wait(BAD);
    assert_int_equal(failed->err.code, ERR_DATABASE);
    assert_string_equal(failed->err.state, "22012");
    assert_string_equal(failed->err.text, "division by zero");
    assert_null(failed->rows);
    for (uint32_t i = 0; i < 2 * SHARE; i++)
        if (i != BAD) assert_string_equal(rig_value(rig_wait(i), 1), "100");
    for (uint32_t i = 1; i < BAD; i++)
        assert_string_equal(number_of(i), number_of(0));
    for (uint32_t i = BAD + 1; i < SHARE; i++)
        for (uint32_t j = 0; j < 2 * SHARE; j++)
            if (j != i && j != BAD) assert_string_not_equal(number_of(i), number_of(j));
    for (uint32_t i = SHARE + 1; i < 2 * SHARE; i++)
        assert_string_equal(number_of(i), number_of(SHARE));
    assert_int_equal(rig_counts().read_in_flight, 0);
}

/* Whatever fails, everybody is answered once, and with his own. */
static void test_many_fail(void **state) {
    (void)state;
    RIG(rig_options());
    enum { ALL = 200 };
    const struct query *query = rig_query("-- class: read\n-- params: a int\nSELECT 100 / ($1 % 3)");
    char number[16];
    for (uint32_t i = 0; i < ALL; i++) {
        snprintf(number, sizeof number, "%u", i);
        rig_run(query, RIG_PARAMS(number), i);
    }
    for (uint32_t i = 0; i < ALL; i++)
        if (i % 3 == 0)
            assert_string_equal(rig_wait(i)->err.state, "22012");
        else
            assert_string_equal(rig_value(rig_wait(i), 0), i % 3 == 1 ? "100" : "50");
    assert_int_equal(rig.told, ALL);
}

/* One that cannot even be prepared fails alone, too, each time it is asked. */
static void test_a_read_that_cannot_be_prepared(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *bad = rig_query("-- class: read\nSELECT x FROM missing"), *good = rig_query(one);
    for (uint32_t i = 0; i < 6; i++)
        rig_run(i % 2 ? good : bad, NULL, i);
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(rig_wait(i)->err.state, i % 2 ? "" : "42P01");
}

/* Its own time is over; those who share its Sync begin anew, and the operator is told what to do about it. */
static void test_a_slow_read_ends(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.read_timeout_ms = 100;
    RIG(options);
    int ends[2];
    char line[512] = "";
    const struct query *quick = rig_query(one);
    const struct query *slow = rig_query("-- class: read\nSELECT pg_sleep(30)::text");
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    for (uint32_t i = 0; i < SHARE; i++)
        rig_run(i == 3 ? slow : quick, NULL, i);
    for (uint32_t i = 0; i < SHARE; i++)
        if (i == 3) {
            assert_int_equal(rig_wait(i)->err.code, ERR_TIMEOUT);
            assert_string_equal(rig_wait(i)->err.text,
                                "the database took longer than it may, and the statement was stopped");
        } else
            assert_string_equal(rig_value(rig_wait(i), 0), "1");
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "\"file\":\"q.sql\",\"limit_ms\":100"));
    assert_non_null(strstr(line, "-- class: lease"));
    close(ends[0]);
    close(ends[1]);
}

/* --- prepared statements ---------------------------------------------------------------------------- */

/* All are forgotten when too many are known, here behind one that fails under the same Sync. */
static void test_many_statements_at_once(void **state) {
    (void)state;
    RIG(rig_options());
    enum { ALL = 300, BAD = 120 };
    static struct query *queries[ALL];
    char text[64], expected[16];
    for (int i = 0; i < ALL; i++) {
        snprintf(text, sizeof text, "-- class: read\nSELECT 7 / %d, %d", i != BAD, i);
        assert_int_equal(query_parse(&queries[i], "q", "q.sql", text, strlen(text), NULL), ERR_OK);
    }
    rig_ask(rig_query(one), NULL); /* so that the limit is reached in the midst of those that share */
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < ALL; i++)
            rig_run(queries[i], NULL, i);
        for (uint32_t i = 0; i < ALL; i++) {
            snprintf(expected, sizeof expected, "%u", i);
            if (i == BAD)
                assert_string_equal(rig_wait(i)->err.state, "22012");
            else
                assert_string_equal(rig_value(rig_wait(i), 1), expected);
        }
    }
    for (int i = 0; i < ALL; i++)
        query_free(queries[i]);
}

/* The first to be skipped takes its PREPARE with it; those that relied on it have left already. */
static void test_a_prepare_that_was_skipped(void **state) {
    (void)state;
    RIG(rig_options());
    const struct query *bad = rig_query("-- class: read\nSELECT 1 / 0"), *good = rig_query(one);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 4 * SHARE; i++)
            rig_run(i ? good : bad, NULL, i);
        assert_string_equal(rig_wait(0)->err.state, "22012");
        for (uint32_t i = 1; i < 4 * SHARE; i++)
            assert_string_equal(rig_value(rig_wait(i), 0), "1");
    }
}

/* --- the connection goes ---------------------------------------------------------------------------- */

static void test_the_connection_is_lost_midway(void **state) {
    (void)state;
    RIG(rig_options());
    enum { LAST = 3, ALL = 3 * SHARE };
    const struct query *good = rig_query("-- class: read\nSELECT pg_backend_pid()");
    const struct query *end =
        rig_query("-- class: read\nSELECT pg_terminate_backend(pg_backend_pid())::text");
    for (uint32_t i = 0; i < ALL; i++)
        rig_run(i == LAST ? end : good, NULL, i);
    for (uint32_t i = 0; i < ALL; i++)
        if (rig_wait(i)->err.code != ERR_OK || i > LAST) assert_int_equal(rig_wait(i)->err.code, ERR_BUSY);
    assert_int_equal(rig.told, ALL);
    assert_non_null(rig_value(rig_ask(good, NULL), 0));
    assert_int_equal(rig_counts().read_in_flight, 0);
}

/* Asked while there is no connection: they leave with the next one, sharing as ever. */
static void test_reads_wait_for_a_connection(void **state) {
    (void)state;
    if (!rig_connect()) skip();
    rig_open(rig_options());
    submit(rig_query(numbered), 0, 2 * SHARE);
    for (uint32_t i = 1; i < 2 * SHARE; i++)
        assert_int_equal(strcmp(number_of(i), number_of(i - 1)) == 0, i % SHARE != 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_turns_reads_share_a_sync, rig_close),
        cmocka_unit_test_teardown(test_turns_do_not_share, rig_close),
        cmocka_unit_test_teardown(test_a_failed_read_keeps_its_neighbours, rig_close),
        cmocka_unit_test_teardown(test_many_fail, rig_close),
        cmocka_unit_test_teardown(test_a_read_that_cannot_be_prepared, rig_close),
        cmocka_unit_test_teardown(test_a_slow_read_ends, rig_close),
        cmocka_unit_test_teardown(test_many_statements_at_once, rig_close),
        cmocka_unit_test_teardown(test_a_prepare_that_was_skipped, rig_close),
        cmocka_unit_test_teardown(test_the_connection_is_lost_midway, rig_close),
        cmocka_unit_test_teardown(test_reads_wait_for_a_connection, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
