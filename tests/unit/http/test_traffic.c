/* Counting requests by kind: each in its own series, added up over workers, and never more than there is room
 * for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/exchange/route_names.h"
#include "../../../core/http/traffic.h"
#include <stdlib.h>

#define MS 1000000

static struct traffic *one, *two;

static int set_up(void **state) {
    (void)state;
    return traffic_new(&one, NULL) == ERR_OK && traffic_new(&two, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    traffic_free(one);
    traffic_free(two);
    return 0;
}

static struct traffic_kind *kinds;
static size_t count;

static void sum(void) {
    const struct traffic *const all[] = {one, two};
    free(kinds);
    kinds = NULL;
    assert_int_equal(traffic_sum(all, 2, &kinds, &count, NULL), ERR_OK);
}

static uint64_t total(const struct traffic_kind *kind) {
    uint64_t requests = 0;
    for (size_t i = 0; i <= METER_BOUNDS; i++)
        requests += kind->durations.within[i];
    return requests;
}

static void test_kinds_are_apart_and_workers_together(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        traffic_count(one, METHOD_GET, 7, 200, MS);
    traffic_count(two, METHOD_GET, 7, 200, 20000LL * MS);
    traffic_count(two, METHOD_GET, 7, 404, MS);
    traffic_count(two, METHOD_POST, 7, 200, MS);
    traffic_count(one, METHOD_COUNT, ROUTE_UNMATCHED, 429, -5);
    sum();
    assert_int_equal(count, 4);
    assert_int_equal(kinds[0].method, METHOD_COUNT);
    assert_int_equal(kinds[0].route, ROUTE_UNMATCHED);
    assert_int_equal(kinds[0].status, 429);
    assert_true(kinds[0].durations.sum == 0);
    assert_int_equal(kinds[1].method, METHOD_GET);
    assert_int_equal(kinds[1].status, 200);
    assert_int_equal(total(&kinds[1]), 4);
    assert_int_equal(kinds[1].durations.within[1], 3);
    assert_int_equal(kinds[1].durations.within[METER_BOUNDS], 1);
    assert_true(kinds[1].durations.sum == 20003ull * MS);
    assert_int_equal(kinds[2].status, 404);
    assert_int_equal(kinds[3].method, METHOD_POST);
    free(kinds);
    kinds = NULL;
}

static void test_what_does_not_fit_is_other(void **state) {
    uint64_t requests = 0, of_other = 0;
    (void)state;
    for (unsigned route = ROUTE_NAMES_OWN; route < ROUTE_NAMES; route++)
        for (int status = 200; status < 210; status++)
            traffic_count(one, METHOD_GET, route, status, MS);
    sum();
    assert_true(count < TRAFFIC_SERIES);
    for (size_t i = 0; i < count; i++) {
        requests += total(&kinds[i]);
        if (kinds[i].route == ROUTE_OTHER) of_other += total(&kinds[i]);
    }
    assert_int_equal(requests, (ROUTE_NAMES - ROUTE_NAMES_OWN) * 10);
    assert_true(of_other > 0);
    assert_int_equal(total(&kinds[count - 1]), 1); /* of those that came first */
    free(kinds);
    kinds = NULL;
}

/* More statuses than anybody would answer: the table stays whole, and nothing is lost. */
static void test_the_table_never_runs_full(void **state) {
    uint64_t requests = 0, of_nobody = 0;
    (void)state;
    for (int method = 0; method <= METHOD_COUNT; method++)
        for (int status = 200; status < 600; status++)
            traffic_count(one, (enum method)method, 9, status, MS);
    sum();
    assert_true(count < TRAFFIC_SERIES);
    for (size_t i = 0; i < count; i++) {
        requests += total(&kinds[i]);
        if (kinds[i].status == 0) of_nobody += total(&kinds[i]);
    }
    assert_int_equal(requests, (METHOD_COUNT + 1) * 400);
    assert_true(of_nobody > 0);
    free(kinds);
    kinds = NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds_are_apart_and_workers_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_table_never_runs_full, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
