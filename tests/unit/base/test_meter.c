/* Counting by one thread while another reads, and how values are spread over a scale. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/meter.h"
#include <pthread.h>
#include <stdbool.h>

#define MS 1000000u

static void test_numbers_rise_and_fall(void **state) {
    struct meter meter = {0};
    (void)state;
    meter_add(&meter, 3);
    meter_add(&meter, 4);
    assert_int_equal(meter_read(&meter), 7);
    meter_subtract(&meter, 5);
    assert_int_equal(meter_read(&meter), 2);
    meter_set(&meter, UINT64_MAX);
    assert_true(meter_read(&meter) == UINT64_MAX);
}

static void test_a_bound_belongs_to_what_it_bounds(void **state) {
    struct meter_spread spread = {0};
    struct meter_sums sums = {0};
    (void)state;
    const uint64_t values[] = {0, 1, 2, 3, 256, 257, 100000};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        meter_observe(&spread, &meter_batches, values[i]);
        sum += values[i];
    }
    meter_sum(&sums, &spread);
    assert_true(sums.sum == sum);
    assert_int_equal(sums.within[0], 2); /* 0 and 1 */
    assert_int_equal(sums.within[1], 1); /* 2 */
    assert_int_equal(sums.within[2], 1); /* 3 */
    assert_int_equal(sums.within[8], 1); /* 256 */
    assert_int_equal(sums.within[9], 2); /* beyond */
    meter_sum(&sums, &spread);           /* of another writer, say */
    assert_int_equal(sums.within[9], 4);
}

static void test_scales_rise(void **state) {
    const struct meter_scale *scales[] = {&meter_durations, &meter_batches};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(scales[i]->count <= METER_BOUNDS);
        for (size_t j = 1; j < scales[i]->count; j++)
            assert_true(scales[i]->bounds[j] > scales[i]->bounds[j - 1]);
    }
    assert_int_equal(meter_durations.bounds[0], MS / 2);
    assert_true(meter_durations.bounds[meter_durations.count - 1] == 10000ull * MS);
}

#define TIMES 200000

static struct meter shared;
static _Atomic bool ended;

static void *count(void *unused) {
    for (int i = 0; i < TIMES; i++)
        meter_add(&shared, 1);
    ended = true;
    return unused;
}

static void test_a_reader_sees_it_rise(void **state) {
    pthread_t thread;
    uint64_t last = 0;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, count, NULL), 0);
    while (!ended) {
        uint64_t now = meter_read(&shared);
        assert_true(now >= last);
        last = now;
    }
    pthread_join(thread, NULL);
    assert_int_equal(meter_read(&shared), TIMES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_rise_and_fall),
                                       cmocka_unit_test(test_a_bound_belongs_to_what_it_bounds),
                                       cmocka_unit_test(test_scales_rise),
                                       cmocka_unit_test(test_a_reader_sees_it_rise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
