/* test_key.c -- what is one key, which comes first, and a set that never grows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/db/key.h"
#include <cmocka.h>
#include <stdio.h>

static struct key key(enum value_type type, const char *text) {
    struct query_param params[] = {{"a", TYPE_TEXT, true}, {"b", type, true}};
    struct query query = {.params = params, .param_count = 2, .key = 1};
    return key_of(&query, (const char *const[]){"other", text});
}

static int compare(enum value_type type, const char *left, const char *right) {
    struct key a = key(type, left), b = key(type, right);
    assert_int_equal(key_compare(&a, &b), -key_compare(&b, &a));
    if (key_compare(&a, &b) == 0) assert_true(a.hash == b.hash);
    return key_compare(&a, &b);
}

static void test_order(void **state) {
    (void)state;
    static const char *const ascending[] = {"-9223372036854775808", "-10", "-9", "0", "9", "10",
                                            "9223372036854775807"};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(compare(TYPE_BIGINT, ascending[i - 1], ascending[i]) < 0);
    assert_true(compare(TYPE_INT, "9", "10") < 0);
    assert_true(compare(TYPE_TEXT, "9", "10") > 0);
    assert_true(compare(TYPE_TEXT, "a", "\xc3\xa9") < 0);
    assert_true(compare(TYPE_TEXT, "", "a") < 0);
    assert_true(compare(TYPE_BIGINT, "10", "9223372036854775808") < 0); /* what is none comes behind them */
    assert_true(compare(TYPE_BIGINT, "10", "1x") < 0);
    assert_true(compare(TYPE_BIGINT, "x", NULL) < 0);
    assert_true(compare(TYPE_TEXT, "x", NULL) < 0);
}

static void test_same(void **state) {
    (void)state;
    static const char *const sevens[] = {"7", "07", "+7", " 7", "7 \n"};
    for (size_t i = 0; i < sizeof sevens / sizeof *sevens; i++) {
        assert_int_equal(compare(TYPE_BIGINT, "7", sevens[i]), 0);
        assert_int_equal(compare(TYPE_TEXT, "7", sevens[i]) == 0, i == 0);
    }
    assert_int_equal(compare(TYPE_INT, "0", "-0"), 0);
    assert_int_not_equal(compare(TYPE_BIGINT, "", "0"), 0);
}

static void test_a_set(void **state) {
    (void)state;
    static struct key_set set;
    char text[32];
    for (int round = 0; round < 2; round++) {
        key_set_clear(&set);
        for (int i = 0; i < KEY_SET_KEYS; i++) {
            snprintf(text, sizeof text, "%d", i * 4096);
            struct key number = key(round ? TYPE_TEXT : TYPE_BIGINT, text);
            assert_true(key_set_add(&set, &number));
            assert_false(key_set_add(&set, &number));
        }
    }
}

static void test_nobodys_key(void **state) {
    (void)state;
    static struct key_set set;
    struct query query = {.key = -1};
    struct key none = key_of(&query, NULL), null = key(TYPE_BIGINT, NULL);
    for (int i = 0; i < 2 * KEY_SET_KEYS; i++) {
        assert_true(key_set_add(&set, &none));
        assert_true(key_set_add(&set, &null));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_a_set),
        cmocka_unit_test(test_nobodys_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
