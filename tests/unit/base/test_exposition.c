/* Prometheus' text, word for word. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/exposition.h"
#include <math.h>

static struct buf text;

static int clear(void **state) {
    (void)state;
    buf_done(&text);
    return 0;
}

static void test_a_family_is_named_and_explained(void **state) {
    (void)state;
    exposition_family(&text, "a_total", EXPOSITION_COUNTER, "Of a\\b,\nand more.");
    exposition_integer(&text, "a_total", EXPOSITION_NO_LABELS, UINT64_MAX);
    assert_string_equal(text.data, "# HELP a_total Of a\\\\b,\\nand more.\n"
                                   "# TYPE a_total counter\n"
                                   "a_total 18446744073709551615\n");
}

static void test_labels_are_whatever_they_are(void **state) {
    const struct exposition_label list[] = {{"plain", "x"}, {"odd", "a\"b\\c\nd\xff\xe2\x82\xac"}};
    (void)state;
    exposition_integer(&text, "a", (struct exposition_labels){list, 2}, 1);
    assert_string_equal(text.data, "a{plain=\"x\",odd=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\xe2\x82\xac\"} 1\n");
}

static void test_reals_are_as_short_as_they_can_be(void **state) {
    const double values[] = {0.1, 1e300, -2.5, 1.0 / 3, (double)INFINITY, -(double)INFINITY, (double)NAN, 3};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        exposition_real(&text, "a", EXPOSITION_NO_LABELS, values[i]);
    assert_string_equal(text.data,
                        "a 0.1\na 1e+300\na -2.5\na 0.3333333333333333\na +Inf\na -Inf\na NaN\na 3\n");
}

static void test_buckets_add_up(void **state) {
    static const struct meter_scale scale = {2, {500000, 10000000}};
    const struct meter_sums sums = {.sum = 30500000, .within = {2, 0, 3}};
    const struct exposition_label label = {"m", "GET"};
    (void)state;
    exposition_spread(&text, "t_seconds", (struct exposition_labels){&label, 1}, &scale, &sums, 1e9);
    assert_string_equal(text.data, "t_seconds_bucket{m=\"GET\",le=\"0.0005\"} 2\n"
                                   "t_seconds_bucket{m=\"GET\",le=\"0.01\"} 2\n"
                                   "t_seconds_bucket{m=\"GET\",le=\"+Inf\"} 5\n"
                                   "t_seconds_sum{m=\"GET\"} 0.0305\n"
                                   "t_seconds_count{m=\"GET\"} 5\n");
}

static void test_a_histogram_needs_no_label(void **state) {
    const double bounds[] = {1}, within[] = {1, 1};
    (void)state;
    exposition_histogram(&text, "r", EXPOSITION_NO_LABELS, bounds, 1, within, 7.5);
    assert_string_equal(text.data, "r_bucket{le=\"1\"} 1\nr_bucket{le=\"+Inf\"} 2\nr_sum 7.5\nr_count 2\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_family_is_named_and_explained, clear),
        cmocka_unit_test_teardown(test_labels_are_whatever_they_are, clear),
        cmocka_unit_test_teardown(test_reals_are_as_short_as_they_can_be, clear),
        cmocka_unit_test_teardown(test_buckets_add_up, clear),
        cmocka_unit_test_teardown(test_a_histogram_needs_no_label, clear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
