/* Queues of deadlines, with a clock of our own. */

#include "../../../core/http/deadline.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct deadlines deadlines;
static struct deadline a, b, c;

static int set_up(void **state) {
    (void)state;
    deadline_init(&deadlines);
    deadlines.allowed_ns[PHASE_HEAD] = 10;
    deadlines.allowed_ns[PHASE_IDLE] = 100;
    a = b = c = (struct deadline){0};
    return 0;
}

static void the_longest_wait_is_first(void **state) {
    (void)state;
    assert_null(deadline_first(&deadlines, PHASE_HEAD));
    deadline_enter(&deadlines, &a, PHASE_HEAD, 1);
    deadline_enter(&deadlines, &b, PHASE_HEAD, 2);
    deadline_enter(&deadlines, &c, PHASE_IDLE, 3);
    assert_ptr_equal(deadline_first(&deadlines, PHASE_HEAD), &a);
    assert_null(deadline_due(&deadlines, PHASE_HEAD, 10));
    assert_ptr_equal(deadline_due(&deadlines, PHASE_HEAD, 11), &a);
    deadline_leave(&a);
    assert_null(deadline_due(&deadlines, PHASE_HEAD, 11));
    assert_ptr_equal(deadline_due(&deadlines, PHASE_HEAD, 12), &b);
    assert_null(deadline_due(&deadlines, PHASE_IDLE, 102));
    assert_ptr_equal(deadline_due(&deadlines, PHASE_IDLE, 103), &c);
}

static void entering_anew_goes_to_the_end(void **state) {
    (void)state;
    deadline_enter(&deadlines, &a, PHASE_HEAD, 1);
    deadline_enter(&deadlines, &b, PHASE_HEAD, 2);
    deadline_enter(&deadlines, &a, PHASE_HEAD, 3);
    assert_ptr_equal(deadline_first(&deadlines, PHASE_HEAD), &b);
    deadline_enter(&deadlines, &b, PHASE_IDLE, 4);
    assert_ptr_equal(deadline_first(&deadlines, PHASE_HEAD), &a);
    assert_int_equal(b.phase, PHASE_IDLE);
    deadline_enter(&deadlines, &a, PHASE_IDLE, 5);
    assert_null(deadline_first(&deadlines, PHASE_HEAD));
    assert_ptr_equal(deadline_first(&deadlines, PHASE_IDLE), &b);
}

static void for_ever_is_never_due(void **state) {
    (void)state;
    deadline_enter(&deadlines, &a, PHASE_WORK, 5);
    assert_null(deadline_due(&deadlines, PHASE_WORK, INT64_MAX - 1));
    assert_ptr_equal(deadline_first(&deadlines, PHASE_WORK), &a);
}

static void leaving_twice_is_fine(void **state) {
    (void)state;
    deadline_leave(&a);
    deadline_enter(&deadlines, &a, PHASE_HEAD, 1);
    deadline_leave(&a);
    deadline_leave(&a);
    assert_null(deadline_first(&deadlines, PHASE_HEAD));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_longest_wait_is_first),
        TEST(entering_anew_goes_to_the_end),
        TEST(for_ever_is_never_due),
        TEST(leaving_twice_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
