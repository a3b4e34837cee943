/* Who may ask the operators' listener: by place, or by token. */

#include "../../../core/http/admin_gate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"

static const struct admin_caller near_caller = {.host = "localhost:9180", .sign = "1", .peer = "127.0.0.1"};

static unsigned refusal(const char *token, struct admin_caller caller, bool open, bool changes) {
    struct admin_gate gate;
    const char *why = NULL;
    admin_gate_init(&gate, "127.0.0.1:9180", token);
    unsigned status = admin_gate_refuses(&gate, &caller, open, changes, &why);
    assert_int_equal(status != 0, why != NULL);
    return status;
}

static void where_others_can_reach_it_there_must_be_a_token(void **state) {
    static const char *const near[] = {"127.0.0.1:9180", "127.3.2.1:0", "[::1]:9180", "localhost:9180"};
    static const char *const far[] = {"0.0.0.0:9180", "[::]:9180", "10.0.0.1:9180", "plateia.example:9180"};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        assert_int_equal(admin_gate_check(near[i], "", &err), ERR_OK);
        assert_int_equal(admin_gate_check(near[i], TOKEN, &err), ERR_OK);
    }
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        assert_int_equal(admin_gate_check(far[i], "", &err), ERR_INVALID);
        assert_non_null(strstr(err.text, far[i]));
        assert_non_null(strstr(err.text, "PLATEIA_ADMIN_TOKEN"));
        assert_int_equal(admin_gate_check(far[i], TOKEN, &err), ERR_OK);
    }
}

static void a_token_is_what_a_header_can_carry(void **state) {
    static const char *const bad[] = {"with a blank in it, which is cut off", "with\r\nX-Plateia-Admin:1",
                                      "pl\xc3\xa1teia"};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(admin_gate_check("127.0.0.1:9180", bad[i], &err), ERR_INVALID);
        assert_null(strstr(err.text, bad[i]));
    }
}

static void without_a_token_it_is_for_this_machine(void **state) {
    struct admin_caller caller = near_caller;
    (void)state;
    assert_int_equal(refusal("", caller, false, false), 0);
    assert_int_equal(refusal("", caller, false, true), 0);
    caller.host = "rebound.example";
    assert_int_equal(refusal("", caller, false, false), 403);
    assert_int_equal(refusal("", caller, true, false), 403);
    caller.host = NULL;
    assert_int_equal(refusal("", caller, true, false), 403);
    caller = near_caller;
    caller.peer = "192.0.2.7";
    assert_int_equal(refusal("", caller, false, false), 0);
    assert_int_equal(refusal("", caller, false, true), 403);
    caller.peer = "";
    assert_int_equal(refusal("", caller, false, true), 403);
}

static void an_order_is_signed(void **state) {
    static const char *const signs[] = {NULL, "", "0", "11", " 1"};
    struct admin_caller caller = near_caller;
    (void)state;
    caller.authorization = "Bearer " TOKEN;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        caller.sign = signs[i];
        assert_int_equal(refusal("", caller, false, true), 403);
        assert_int_equal(refusal(TOKEN, caller, false, true), 403);
        assert_int_equal(refusal(TOKEN, caller, false, false), 0);
    }
}

static void with_a_token_whoever_has_it_may_ask_from_anywhere(void **state) {
    struct admin_caller caller = {.host = "plateia.example", .sign = "1", .peer = "192.0.2.7"};
    static const char *const good[] = {"Bearer " TOKEN, "bearer " TOKEN, "BEARER   " TOKEN};
    static const char *const bad[] = {NULL,
                                      "",
                                      TOKEN,
                                      "Bearer",
                                      "Bearer ",
                                      "Bearer" TOKEN,
                                      "Basic " TOKEN,
                                      "Bearer " TOKEN "0",
                                      "Bearer " TOKEN " ",
                                      "Bearer 0123456789abcdef0123456789abcde",
                                      "Bearer 0123456789abcdef0123456789abcdeF",
                                      "Bearer X123456789abcdef0123456789abcdef"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        caller.authorization = good[i];
        assert_int_equal(refusal(TOKEN, caller, false, false), 0);
        assert_int_equal(refusal(TOKEN, caller, false, true), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        caller.authorization = bad[i];
        assert_int_equal(refusal(TOKEN, caller, false, false), 401);
        assert_int_equal(refusal(TOKEN, caller, false, true), 401);
        assert_int_equal(refusal(TOKEN, caller, true, false), 0);
    }
    assert_int_equal(refusal(TOKEN, near_caller, false, false), 401);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_others_can_reach_it_there_must_be_a_token),
        cmocka_unit_test(a_token_is_what_a_header_can_carry),
        cmocka_unit_test(without_a_token_it_is_for_this_machine),
        cmocka_unit_test(an_order_is_signed),
        cmocka_unit_test(with_a_token_whoever_has_it_may_ask_from_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
