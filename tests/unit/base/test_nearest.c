/* test_nearest.c -- which name was probably meant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/nearest.h"
#include <cmocka.h>

static const char *among(const char *word) {
    static const char *const names[] = {"serve", "ready", "reload", "rollback", "routes", "scripts"};
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        nearest_offer(&nearest, names[i]);
    return nearest.found;
}

static void a_slip_is_near(void **state) {
    (void)state;
    assert_string_equal(among("sreve"), "serve");
    assert_string_equal(among("server"), "serve");
    assert_string_equal(among("realod"), "reload");
    assert_string_equal(among("route"), "routes");
    assert_string_equal(among("serve"), "serve");
    assert_string_equal(among("rollbakc"), "rollback");
}

static void what_is_another_word_is_not(void **state) {
    (void)state;
    assert_null(among("x"));
    assert_null(among(""));
    assert_null(among("frobnicate"));
    assert_null(among("sesame"));
}

static void long_names_are_nobodys_slip(void **state) {
    (void)state;
    char name[200] = {0};
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = 'a';
    struct nearest nearest = nearest_to(name);
    nearest_offer(&nearest, "serve");
    nearest_offer(&nearest, name);
    assert_null(nearest.found);
    nearest = nearest_to("serve");
    nearest_offer(&nearest, name);
    assert_null(nearest.found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_is_near),
        cmocka_unit_test(what_is_another_word_is_not),
        cmocka_unit_test(long_names_are_nobodys_slip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
