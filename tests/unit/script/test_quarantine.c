/* test_quarantine.c -- who rests, for how long, and who may try. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/script/quarantine.h"

#define HOUR (3600 * CLOCK_NS_PER_S)

static struct quarantine *make(int64_t rest_ns) {
    struct quarantine *quarantine = NULL;
    assert_int_equal(quarantine_new(&quarantine, 2, rest_ns, 0, NULL), ERR_OK);
    return quarantine;
}

static int64_t kill_free(struct quarantine *quarantine, int times) {
    int64_t rest_ns = 0;
    for (int i = 0; i < times; i++)
        rest_ns = quarantine_killed(quarantine, 1, QUARANTINE_FREE);
    return rest_ns;
}

static enum quarantine_pass ask(struct quarantine *quarantine) {
    int64_t left_ns = 0;
    return quarantine_ask(quarantine, 1, &left_ns);
}

static void await_trial(struct quarantine *quarantine) {
    int64_t until = clock_ns() + 10 * CLOCK_NS_PER_S;
    enum quarantine_pass pass = QUARANTINE_RESTS;
    while (pass == QUARANTINE_RESTS && clock_ns() < until)
        pass = ask(quarantine);
    assert_int_equal(pass, QUARANTINE_TRIAL);
}

static void test_rests_after_five(void **unused) {
    (void)unused;
    struct quarantine *quarantine = make(HOUR);
    int64_t left_ns = 0;
    assert_int_equal(kill_free(quarantine, QUARANTINE_KILLS - 1), 0);
    assert_int_equal(ask(quarantine), QUARANTINE_FREE);
    assert_int_equal(quarantine_resting(quarantine), 0);
    assert_int_equal(kill_free(quarantine, 1), HOUR);
    assert_int_equal(quarantine_resting(quarantine), 1);
    assert_int_equal(quarantine_resting(NULL), 0);
    assert_int_equal(quarantine_ask(quarantine, 1, &left_ns), QUARANTINE_RESTS);
    assert_true(left_ns > 0 && left_ns <= HOUR);
    assert_int_equal(quarantine_ask(quarantine, 0, &left_ns), QUARANTINE_FREE);
    assert_int_equal(kill_free(quarantine, 1), 0); /* it ran already: told once */
    quarantine_well(quarantine, 1, QUARANTINE_FREE);
    assert_int_equal(ask(quarantine), QUARANTINE_RESTS);
    quarantine_free(quarantine);
}

static void test_one_tries(void **unused) {
    (void)unused;
    struct quarantine *quarantine = make(200 * CLOCK_NS_PER_MS);
    kill_free(quarantine, QUARANTINE_KILLS);
    await_trial(quarantine);
    int64_t began = clock_ns();
    enum quarantine_pass pass = ask(quarantine);
    if (clock_ns() - began < 100 * CLOCK_NS_PER_MS) assert_int_equal(pass, QUARANTINE_RESTS);
    quarantine_free(quarantine);
}

static void test_a_trial_decides(void **unused) {
    (void)unused;
    struct quarantine *quarantine = make(1);
    kill_free(quarantine, QUARANTINE_KILLS);
    await_trial(quarantine);
    assert_int_equal(quarantine_killed(quarantine, 1, QUARANTINE_TRIAL), 1);
    await_trial(quarantine);
    quarantine_dropped(quarantine, 1, QUARANTINE_TRIAL);
    await_trial(quarantine);
    quarantine_well(quarantine, 1, QUARANTINE_TRIAL);
    assert_int_equal(ask(quarantine), QUARANTINE_FREE);
    assert_int_equal(kill_free(quarantine, QUARANTINE_KILLS - 1), 0);
    quarantine_free(quarantine);
}

/* After each kill, until there are too many; nobody has to try first. */
static void test_pauses(void **unused) {
    (void)unused;
    struct quarantine *quarantine = NULL;
    int64_t left_ns = 0, until = clock_ns() + 10 * CLOCK_NS_PER_S;
    assert_int_equal(quarantine_new(&quarantine, 2, HOUR, 50 * CLOCK_NS_PER_MS, NULL), ERR_OK);
    int64_t began = clock_ns();
    assert_int_equal(kill_free(quarantine, 1), 0);
    enum quarantine_pass pass = quarantine_ask(quarantine, 1, &left_ns);
    if (clock_ns() - began < 25 * CLOCK_NS_PER_MS) {
        assert_int_equal(pass, QUARANTINE_RESTS);
        assert_true(left_ns > 0 && left_ns <= 50 * CLOCK_NS_PER_MS);
    }
    while (ask(quarantine) == QUARANTINE_RESTS && clock_ns() < until) {
    }
    assert_int_equal(ask(quarantine), QUARANTINE_FREE);
    assert_int_equal(ask(quarantine), QUARANTINE_FREE);
    assert_int_equal(kill_free(quarantine, QUARANTINE_KILLS - 1), HOUR);
    assert_int_equal(ask(quarantine), QUARANTINE_RESTS);
    quarantine_free(quarantine);
}

static void test_none(void **unused) {
    (void)unused;
    int64_t left_ns = 0;
    assert_int_equal(quarantine_ask(NULL, 7, &left_ns), QUARANTINE_FREE);
    assert_int_equal(quarantine_killed(NULL, 7, QUARANTINE_FREE), 0);
    quarantine_well(NULL, 7, QUARANTINE_FREE);
    quarantine_dropped(NULL, 7, QUARANTINE_FREE);
    quarantine_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rests_after_five), cmocka_unit_test(test_one_tries),
        cmocka_unit_test(test_a_trial_decides), cmocka_unit_test(test_pauses), cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
