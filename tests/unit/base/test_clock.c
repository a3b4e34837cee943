/* test_clock.c -- the calendar agrees with libc's on every day that RFC 3339 can write. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#define YEAR_0_S    (-62167219200LL)
#define YEAR_9999_S 253402300799LL

static void writes_known_times(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {1795371180123, "2026-11-22T18:13:00.123Z"},
        {YEAR_0_S * 1000, "0000-01-01T00:00:00.000Z"},
        {YEAR_9999_S * 1000 + 999, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"}, /* what cannot be written is the nearest that can */
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[CLOCK_RFC3339_SIZE];
        clock_rfc3339(text, rows[i].ms);
        assert_string_equal(text, rows[i].text);
    }
}

static void agrees_with_libc(void **state) {
    (void)state;
    char ours[CLOCK_RFC3339_SIZE], theirs[64];
    for (int64_t s = YEAR_0_S; s <= YEAR_9999_S; s += 86400 * 5 + 3601) {
        struct tm tm;
        gmtime_r(&(time_t){s}, &tm);
        strftime(theirs, sizeof(theirs), "-%m-%dT%H:%M:%S.007Z", &tm);
        clock_rfc3339(ours, s * 1000 + 7);
        assert_string_equal(ours + 4, theirs);
        snprintf(theirs, sizeof(theirs), "%04d", tm.tm_year + 1900);
        assert_memory_equal(ours, theirs, 4);
    }
}

static void turns_every_year_on_the_right_day(void **state) {
    (void)state;
    char text[CLOCK_RFC3339_SIZE], wanted[64];
    int64_t day = YEAR_0_S / 86400;
    for (int year = 0; year <= 9999; year++) {
        clock_rfc3339(text, day * 86400000);
        snprintf(wanted, sizeof(wanted), "%04d-01-01T00:00:00.000Z", year);
        assert_string_equal(text, wanted);
        day += (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
        clock_rfc3339(text, day * 86400000 - 1);
        snprintf(wanted, sizeof(wanted), "%04d-12-31T23:59:59.999Z", year);
        assert_string_equal(text, wanted);
    }
}

static void runs_forward(void **state) {
    (void)state;
    int64_t before = clock_ns();
    assert_int_equal(clock_recent_ns(), before);
    assert_true(clock_ns() >= before);
    assert_true(clock_recent_ns() >= before && clock_recent_ns() <= clock_ns());
    int64_t wall = clock_wall_ms();
    assert_in_range(wall / 1000, time(NULL) - 2, time(NULL) + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_known_times),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(turns_every_year_on_the_right_day),
        cmocka_unit_test(runs_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
