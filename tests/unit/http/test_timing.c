/* What Server-Timing says, and that it has one length whatever it says. */

#include "../../../core/http/timing.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void it_says_milliseconds(void **state) {
    struct spent spent = {.lua_ns = 1234567, .db_ns = 20000000, .queue_ns = 1000};
    char text[TIMING_SIZE];
    (void)state;
    timing_write(text, &spent, 25000499);
    const char *wanted = "lua;dur=1.235, db;dur=20.000, queue;dur=0.001, total;dur=25.000";
    assert_memory_equal(text, wanted, strlen(wanted));
    assert_int_equal(strspn(text + strlen(wanted), " "), TIMING_SIZE - 1 - strlen(wanted));
}

static void it_always_has_one_length(void **state) {
    static const int64_t times[] = {0, 1, 999999, INT64_MAX, -5};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct spent spent = {.lua_ns = times[i], .db_ns = times[i], .queue_ns = times[i]};
        char text[TIMING_SIZE];
        timing_write(text, &spent, times[i]);
        assert_int_equal(strlen(text), TIMING_SIZE - 1);
        assert_non_null(strstr(text, "total;dur="));
        assert_null(strchr(text, '-'));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_milliseconds),
        cmocka_unit_test(it_always_has_one_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
