/* test_nest.c -- a share with one connection for all classes, whose marks can be undone, against a real
 * server: what stays, what goes, and that nothing else is different from the three classes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/pool_rig.h"

#define RIG_NESTED(schema)                                                                                   \
    do {                                                                                                     \
        struct pool_options options = rig_options();                                                         \
        options.nested = true;                                                                               \
        if (!rig_connect()) skip();                                                                          \
        rig_exec(schema);                                                                                    \
        rig_open(options);                                                                                   \
        RIG_UNTIL(rig_counts().connected == 1);                                                              \
        assert_true(pool_ready(rig.pool));                                                                   \
    } while (0)

#define SCHEMA "CREATE TABLE thing (id int PRIMARY KEY)"

static const char *const count = "-- class: read\nSELECT count(*) FROM thing";
static const char *const add =
    "-- class: lease\n-- params: id int\nINSERT INTO thing VALUES ($1) RETURNING id";
static const char *const many = "-- class: batch\n-- params: id int\n-- key: id\n-- slot: $2\n"
                                "WITH made AS (INSERT INTO thing SELECT unnest($1::int[]) RETURNING id)"
                                " SELECT 1 AS n, id, $2::int AS slot FROM made";

static const struct share_answer *ask_share(enum err_code (*verb)(struct share *, struct ticket,
                                                                  struct err *)) {
    rig_forget(0);
    rig.submitting = true;
    assert_int_equal(verb(rig.share, rig_ticket(0), NULL), ERR_OK);
    rig.submitting = false;
    return rig_wait(0);
}

static void do_mark(void) {
    const struct share_answer *answer = ask_share(share_mark);
    if (answer->err.code != ERR_OK) fail_msg("%s", answer->err.text);
}

static void do_undo(void) {
    const struct share_answer *answer = ask_share(share_undo);
    if (answer->err.code != ERR_OK) fail_msg("%s", answer->err.text);
}

static long counted(void) {
    return strtol(rig_value(rig_ask(rig_query(count), NULL), 0), NULL, 10);
}

static void do_add(const char *id) {
    rig_value(rig_ask(rig_query(add), RIG_PARAMS(id)), 0);
}

/* --- marks ------------------------------------------------------------------------------------------ */

static void test_without_a_mark_all_stays(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_add("1");
    struct lease *lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("2"))->err.code, ERR_OK);
    assert_int_equal(rig_commit(lease)->err.code, ERR_OK);
    lease_release(lease);
    lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("3"))->err.code, ERR_OK);
    lease_release(lease);
    assert_int_equal(counted(), 2);
    assert_int_equal(rig_number("SELECT count(*) FROM thing"), 2);
}

static void test_what_was_done_since_a_mark_is_undone(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_add("1");
    assert_string_equal(rig_value(rig_ask(rig_query(many), RIG_PARAMS("2")), 1), "2");
    assert_int_equal(counted(), 2);
    assert_int_equal(rig_number("SELECT count(*) FROM thing"), 0); /* nobody else sees it */
    do_undo();
    assert_int_equal(counted(), 0);
}

static void test_marks_stand_within_each_other(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_add("1");
    for (int i = 0; i < 3; i++) {
        do_mark();
        do_add("2");
        do_mark();
        do_add("3");
        assert_int_equal(counted(), 3);
        do_undo();
        assert_int_equal(counted(), 2);
        do_undo();
        assert_int_equal(counted(), 1);
    }
    do_undo();
    assert_int_equal(counted(), 0);
    do_undo(); /* one too many is none */
    do_add("1");
    assert_int_equal(rig_number("SELECT count(*) FROM thing"), 1);
}

/* --- within ----------------------------------------------------------------------------------------- */

static void test_a_failure_undoes_itself_alone(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_add("1");
    const struct share_answer *answer = rig_ask(rig_query(add), RIG_PARAMS("1"));
    assert_int_equal(answer->err.code, ERR_DATABASE);
    assert_string_equal(answer->err.state, "23505");
    assert_string_equal(rig_ask(rig_query(many), RIG_PARAMS("1"))->err.state, "23505");
    assert_int_equal(counted(), 1);
    do_add("2");
    assert_int_equal(counted(), 2);
    assert_string_equal(rig_ask(rig_query(add), RIG_PARAMS("2"))->err.state, "23505");
    do_mark(); /* right behind a failure */
    do_add("3");
    assert_string_equal(rig_ask(rig_query(add), RIG_PARAMS("3"))->err.state, "23505");
    do_undo();
    assert_int_equal(counted(), 2);
    do_undo();
    assert_int_equal(counted(), 0);
}

static void test_a_transaction_is_kept_or_not(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    struct lease *lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("1"))->err.code, ERR_OK);
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("2"))->err.code, ERR_OK);
    assert_string_equal(rig_value(rig_lease_ask(lease, rig_query(count), NULL), 0), "2");
    assert_int_equal(rig_commit(lease)->err.code, ERR_OK);
    lease_release(lease);
    lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("3"))->err.code, ERR_OK);
    lease_release(lease); /* not committed */
    assert_int_equal(counted(), 2);
    do_undo();
    assert_int_equal(counted(), 0);
}

static void test_a_transaction_that_failed_commits_nothing(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_add("1");
    struct lease *lease = rig_begin();
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("2"))->err.code, ERR_OK);
    assert_string_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("1"))->err.state, "23505");
    assert_string_equal(rig_lease_ask(lease, rig_query(count), NULL)->err.state, "25P02");
    assert_int_equal(rig_commit(lease)->err.code, ERR_DATABASE);
    lease_release(lease);
    assert_int_equal(counted(), 1);
    do_undo();
    assert_int_equal(counted(), 0);
}

static void test_a_transaction_holds_the_others_up(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    struct lease *lease = rig_begin();
    rig_run(rig_query(count), NULL, 1);
    assert_int_equal(rig_lease_ask(lease, rig_query(add), RIG_PARAMS("1"))->err.code, ERR_OK);
    assert_false(rig.answered[1]);
    assert_int_equal(rig_commit(lease)->err.code, ERR_OK);
    lease_release(lease);
    assert_string_equal(rig_value(rig_wait(1), 0), "1");
}

static void test_a_read_cannot_write(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_add("1");
    const struct query *writes = rig_query(
        "-- class: read\nWITH new AS (INSERT INTO thing VALUES (2) RETURNING id) SELECT id FROM new");
    assert_string_equal(rig_ask(writes, NULL)->err.state, "25006");
    assert_int_equal(counted(), 1);
    do_add("2");
    assert_int_equal(counted(), 2);
}

/* --- the connection goes ---------------------------------------------------------------------------- */

static void cut(void) {
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
             "WHERE application_name = '%s' AND pid <> pg_backend_pid()",
             rig.name);
    assert_int_equal(rig_number(sql), 1);
    RIG_UNTIL(rig_counts().connected == 0);
    RIG_UNTIL(rig_counts().connected == 1);
}

static void test_a_lost_connection_is_told_until_the_outermost_mark_is_undone(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    do_mark();
    do_add("1");
    cut();
    assert_int_equal(rig_ask(rig_query(add), RIG_PARAMS("2"))->err.code, ERR_DATABASE);
    assert_string_equal(rig_ask(rig_query(count), NULL)->err.state, "08000");
    do_undo();
    assert_string_equal(rig_ask(rig_query(count), NULL)->err.state, "08000");
    assert_int_equal(ask_share(share_mark)->err.code, ERR_DATABASE);
    do_undo();
    assert_string_equal(rig_ask(rig_query(count), NULL)->err.state, "08000");
    do_undo();
    assert_int_equal(counted(), 0);
    do_mark();
    do_add("1");
    do_undo();
    assert_int_equal(counted(), 0);
}

static void test_a_share_that_closes_drops_what_waits(void **state) {
    (void)state;
    RIG_NESTED(SCHEMA);
    do_mark();
    rig_run(rig_query(many), RIG_PARAMS("1"), 1);
    rig_run(rig_query(count), NULL, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_without_a_mark_all_stays, rig_close),
        cmocka_unit_test_teardown(test_what_was_done_since_a_mark_is_undone, rig_close),
        cmocka_unit_test_teardown(test_marks_stand_within_each_other, rig_close),
        cmocka_unit_test_teardown(test_a_failure_undoes_itself_alone, rig_close),
        cmocka_unit_test_teardown(test_a_transaction_is_kept_or_not, rig_close),
        cmocka_unit_test_teardown(test_a_transaction_that_failed_commits_nothing, rig_close),
        cmocka_unit_test_teardown(test_a_transaction_holds_the_others_up, rig_close),
        cmocka_unit_test_teardown(test_a_read_cannot_write, rig_close),
        cmocka_unit_test_teardown(test_a_lost_connection_is_told_until_the_outermost_mark_is_undone,
                                  rig_close),
        cmocka_unit_test_teardown(test_a_share_that_closes_drops_what_waits, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
