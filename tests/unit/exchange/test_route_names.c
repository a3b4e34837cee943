/* Numbers that stay, and what comes when all are given. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/exchange/route_names.h"
#include <stdio.h>

static void test_a_template_keeps_its_number(void **state) {
    struct route_names *names = NULL;
    (void)state;
    assert_int_equal(route_names_new(&names, NULL), ERR_OK);
    unsigned a = route_names_number(names, "/a/{id}"), b = route_names_number(names, "/b");
    assert_int_not_equal(a, b);
    assert_true(a >= ROUTE_NAMES_OWN && b >= ROUTE_NAMES_OWN);
    assert_int_equal(route_names_number(names, "/a/{id}"), a);
    assert_string_equal(route_names_text(names, a), "/a/{id}");
    assert_string_equal(route_names_text(names, ROUTE_UNMATCHED), "unmatched");
    assert_string_equal(route_names_text(names, ROUTE_ASSETS), "assets");
    /* a script's route may be called as ours are */
    assert_true(route_names_number(names, "unmatched") >= ROUTE_NAMES_OWN);
    route_names_free(names);
}

static void test_what_does_not_fit_is_other(void **state) {
    struct route_names *names = NULL;
    char template[32];
    (void)state;
    assert_int_equal(route_names_new(&names, NULL), ERR_OK);
    unsigned first = route_names_number(names, "/0");
    for (int i = 1; i < 2 * ROUTE_NAMES; i++) {
        snprintf(template, sizeof template, "/%d", i);
        unsigned number = route_names_number(names, template);
        if (i < ROUTE_NAMES - ROUTE_NAMES_OWN)
            assert_string_equal(route_names_text(names, number), template);
        else
            assert_int_equal(number, ROUTE_OTHER);
    }
    assert_int_equal(route_names_number(names, "/0"), first);
    assert_string_equal(route_names_text(names, ROUTE_OTHER), "other");
    assert_string_equal(route_names_text(names, 100000), "other");
    route_names_free(names);
}

static void test_nobody_names(void **state) {
    (void)state;
    assert_int_equal(route_names_number(NULL, "/a"), ROUTE_OTHER);
    assert_string_equal(route_names_text(NULL, ROUTE_OTHER), "other");
    route_names_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_template_keeps_its_number),
                                       cmocka_unit_test(test_what_does_not_fit_is_other),
                                       cmocka_unit_test(test_nobody_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
