/* test_err.c -- errors are filled in whole, wrap themselves, and are cut between characters. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/err.h"
#include "../../../core/base/text.h"
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void fills_and_returns_the_code(void **state) {
    (void)state;
    struct err err = {.state = "23505"};
    assert_int_equal(err_set(&err, ERR_LIMIT, "%d of %s", 3, "them"), ERR_LIMIT);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "3 of them");
    assert_string_equal(err.state, "");
    assert_int_equal(err_set(NULL, ERR_BUSY, "nobody listens"), ERR_BUSY);
}

static void wraps_its_own_text(void **state) {
    (void)state;
    struct err err;
    err_set(&err, ERR_INVALID, "line 3");
    err_set(&err, ERR_INVALID, "reading x: %s", err.text);
    assert_string_equal(err.text, "reading x: line 3");
}

static void tells_errno(void **state) {
    (void)state;
    struct err err;
    errno = ENOENT;
    assert_int_equal(err_system(&err, "open x"), ERR_SYSTEM);
    assert_string_equal(err.text, "open x: No such file or directory");
    assert_int_equal(err_system(NULL, "open x"), ERR_SYSTEM);
}

static void cuts_between_characters(void **state) {
    (void)state;
    struct err err;
    char text[600];
    for (size_t pad = 0; pad < 4; pad++) {
        memset(text, 'a', pad);
        for (size_t at = pad; at + 3 < sizeof(text); at += 3)
            memcpy(text + at, "\xE2\x82\xAC", 4);
        err_set(&err, ERR_INVALID, "%s", text);
        assert_true(text_is_utf8(err.text, strlen(err.text)));
        assert_in_range(strlen(err.text), sizeof(err.text) - 5, sizeof(err.text) - 1);
    }
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    err_set(&err, ERR_INVALID, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void adds_what_to_do(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_BUSY, "the port is taken");
    err_advise(&err, "choose another");
    assert_string_equal(err.text, "the port is taken: choose another");
    assert_int_equal(err.code, ERR_BUSY);
    for (int i = 0; i < 400; i++)
        err_advise(&err, "\xE2\x82\xAC");
    assert_in_range(strlen(err.text), sizeof(err.text) - 6, sizeof(err.text) - 1);
    assert_true(text_is_utf8(err.text, strlen(err.text)));
    err_advise(NULL, "nothing");
}

static void names_every_code(void **state) {
    (void)state;
    static const char *const names[] = {"ok",    "invalid", "not_found", "exists",    "busy",   "timeout",
                                        "limit", "denied",  "unknown",   "no_memory", "system", "database"};
    for (int code = ERR_OK; code <= ERR_DATABASE; code++)
        assert_string_equal(err_name((enum err_code)code), names[code]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_returns_the_code),
        cmocka_unit_test(wraps_its_own_text),
        cmocka_unit_test(tells_errno),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(adds_what_to_do),
        cmocka_unit_test(names_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
