/* test_background.c -- what is put off runs later and in order, a few at a time; nothing of a task that
 * raised runs, and what waits when the scheduler goes is forgotten. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/script_rig.h"

static int end(void **unused) {
    (void)unused;
    rig_close_scheduler();
    rig_close();
    return 0;
}

static void ended(void *ctx, bool fine, const char *text) {
    (void)text;
    *(bool *)ctx = fine;
}

/* The app's job; whether it has ended well by then. */
static bool run_job(void) {
    static bool fine;
    fine = false;
    assert_int_equal(scheduler_job(rig.scheduler, rig.generation, JOB_SEED, NULL, 0, ended, &fine, NULL),
                     ERR_OK);
    return fine;
}

static void until_idle(void) {
    int64_t until = clock_ns() + RIG_TOO_LATE;
    while (!scheduler_idle(rig.scheduler) && clock_ns() < until)
        reactor_turn(rig.reactor, 10);
    assert_true(scheduler_idle(rig.scheduler));
}

/* The turn that ends a task is the one that sends its answer. */
static void test_later_and_in_order(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  for n = 1, 3 do background.after(say, n) end\n"
             "  wait() say 'ended' return true\n"
             "end }\n");
    assert_false(run_job());
    while (!rig_logged("ended"))
        reactor_turn(rig.reactor, 10);
    assert_string_equal(rig_said(), "ended;");
    assert_false(scheduler_idle(rig.scheduler));
    until_idle();
    assert_string_equal(rig_said(), "ended;1;2;3;");
}

/* The ninth begins when one of eight has ended. */
static void test_a_few_at_a_time(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  for n = 1, 20 do background.after(function() say '+' wait() say '-' end) end\n"
             "  return true\n"
             "end }\n");
    assert_true(run_job());
    until_idle();
    int running = 0, most = 0, total = 0;
    for (const char *at = rig_said(); *at; at++) {
        running += *at == '+' ? 1 : *at == '-' ? -1 : 0;
        total += *at == '+';
        if (running > most) most = running;
    }
    assert_int_equal(total, 20);
    assert_int_equal(most, 8);
}

static void test_one_fails(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  background.after(error, 'broken')\n"
             "  background.after(say, 'next')\n"
             "  return true\n"
             "end }\n");
    assert_true(run_job());
    until_idle();
    assert_string_equal(rig_said(), "next;");
    assert_true(rig_logged("broken"));
}

static void test_nothing_after_a_task_that_raised(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  background.after(say, 'never')\n"
             "  error 'broken'\n"
             "end }\n");
    assert_false(run_job());
    assert_true(scheduler_idle(rig.scheduler));
    rig_turns(5);
    assert_string_equal(rig_said(), "");
}

/* Some run, some wait, none ends: the scheduler goes, and the sanitizer tells of what was kept. */
static void test_forgotten(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  for n = 1, 20 do background.after(function() say '+' wait() say '-' end) end\n"
             "  return true\n"
             "end }\n");
    assert_true(run_job());
    rig_until("+;+;+;+;+;+;+;+;");
}

/* More than there is room for is refused, and there is room again when it is done. */
static void test_full(void **unused) {
    (void)unused;
    rig_open("return { routes = {}, seed = function()\n"
             "  local n, fine, why, code = 0, true\n"
             "  while fine and n < 5000 do\n"
             "    fine, why, code = background.after(function() end)\n"
             "    if fine then n = n + 1 end\n"
             "  end\n"
             "  say(n .. ' ' .. tostring(code)) return true\n"
             "end }\n");
    assert_true(run_job());
    until_idle();
    assert_true(run_job());
    assert_string_equal(rig_said(), "1024 busy;1024 busy;");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_later_and_in_order, end),
                                       cmocka_unit_test_teardown(test_a_few_at_a_time, end),
                                       cmocka_unit_test_teardown(test_one_fails, end),
                                       cmocka_unit_test_teardown(test_nothing_after_a_task_that_raised, end),
                                       cmocka_unit_test_teardown(test_forgotten, end),
                                       cmocka_unit_test_teardown(test_full, end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
