/* Where a handler's time goes: what it runs, what it waits for, and what of that was a queue's. */

#include "../../../core/exchange/spent.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void what_never_waits_has_only_run(void **state) {
    struct spent spent = {0};
    (void)state;
    spent_enter(&spent, 1000, 0);
    spent_leave(&spent, 1300);
    assert_int_equal(spent.begun_ns, 1000);
    assert_int_equal(spent.left_ns, 1300);
    assert_int_equal(spent.lua_ns, 300);
    assert_int_equal(spent.db_ns + spent.queue_ns + spent.statements, 0);
    assert_null(spent.slowest);
}

static void a_wait_for_a_statement_has_two_parts(void **state) {
    struct spent spent = {0};
    (void)state;
    spent_enter(&spent, 1000, 0);
    spent.asked = "first";
    spent_leave(&spent, 1100);
    spent_enter(&spent, 1600, 200); /* 500 in all, 200 of them for a connection */
    assert_null(spent.asked);
    spent.asked = "second";
    spent_leave(&spent, 1650);
    spent_enter(&spent, 2050, 0);
    spent.asked = "third";
    spent_leave(&spent, 2060);
    spent_enter(&spent, 2160, 0);
    spent_leave(&spent, 2170);
    assert_int_equal(spent.lua_ns, 100 + 50 + 10 + 10);
    assert_int_equal(spent.queue_ns, 200);
    assert_int_equal(spent.db_ns, 300 + 400 + 100);
    assert_int_equal(spent.statements, 3);
    assert_string_equal(spent.slowest, "second");
    assert_int_equal(spent.slowest_ns, 400);
    assert_int_equal(spent.lua_ns + spent.queue_ns + spent.db_ns, spent.left_ns - spent.begun_ns);
}

static void a_queue_takes_no_more_than_the_wait(void **state) {
    struct spent spent = {0};
    (void)state;
    spent_enter(&spent, 1000, 0);
    spent.asked = "late";
    spent_leave(&spent, 1000);
    spent_enter(&spent, 1500, INT64_MAX);
    assert_int_equal(spent.queue_ns, 500);
    assert_int_equal(spent.db_ns, 0);
    spent_leave(&spent, 1500);
    spent_enter(&spent, 1600, -7); /* the clock was read in between, not before */
    assert_int_equal(spent.queue_ns, 500);
}

static void a_wait_for_something_else_is_in_the_whole_alone(void **state) {
    struct spent spent = {0};
    (void)state;
    spent_enter(&spent, 1000, 0);
    spent_leave(&spent, 1000);
    spent_enter(&spent, 1900, 100); /* a hasher: 100 until it came to it */
    spent_leave(&spent, 1900);
    assert_int_equal(spent.queue_ns, 100);
    assert_int_equal(spent.lua_ns + spent.db_ns + spent.statements, 0);
    assert_int_equal(spent.left_ns - spent.begun_ns, 900);
}

static void who_is_dropped_has_waited_until_then(void **state) {
    struct spent spent = {0};
    (void)state;
    spent_enter(&spent, 1000, 0);
    spent.asked = "hanging";
    spent_leave(&spent, 1010);
    spent_waited(&spent, 9010, 0);
    assert_int_equal(spent.db_ns, 8000);
    assert_string_equal(spent.slowest, "hanging");
    assert_int_equal(spent.left_ns, 9010);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_never_waits_has_only_run),
        cmocka_unit_test(a_wait_for_a_statement_has_two_parts),
        cmocka_unit_test(a_queue_takes_no_more_than_the_wait),
        cmocka_unit_test(a_wait_for_something_else_is_in_the_whole_alone),
        cmocka_unit_test(who_is_dropped_has_waited_until_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
