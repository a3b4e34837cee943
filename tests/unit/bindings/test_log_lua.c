/* test_log_lua.c -- a script's line of the log: its fields stand in the order of their names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../core/base/log.h"
#include "../../../core/bindings/bindings.h"
#include "../../../core/exchange/request.h"
#include "../support/state.h"

static void test_fields_stand_by_name(void **unused) {
    (void)unused;
    int ends[2];
    char line[512] = "";
    struct context context = {0};
    lua_State *L = state_new(&context);
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    bindings_log(L);
    lua_setglobal(L, "log");
    assert_int_equal(
        luaL_dostring(L, "log('info', 'done', {to = 'x', a = true, by = 2, says = 'y', [1] = 'no name',"
                         " key = 0.5})"),
        LUA_OK);
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "\"a\":true,\"by\":2,\"key\":0.5,\"says\":\"y\",\"to\":\"x\"}"));
    close(ends[0]);
    close(ends[1]);
    state_free(L, &context);
}

/* Whose line it is, who looks for the request's id finds it. */
static void test_print_is_a_line_of_the_request(void **unused) {
    (void)unused;
    int ends[2];
    char line[512] = "";
    struct context context = {0};
    struct request req = {.id = "r1"};
    struct task task = {.req = &req};
    lua_State *L = state_new(&context);
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    lua_register(L, "print", bindings_print);
    assert_int_equal(luaL_dostring(L, "print('loading', 1)"), LUA_OK);
    context.running = &task;
    assert_int_equal(luaL_dostring(L, "print('found', nil, true, 2.5)"), LUA_OK);
    context.running = NULL;
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "\"message\":\"loading 1\"}"));
    assert_non_null(strstr(line, "\"message\":\"found nil true 2.5\",\"request_id\":\"r1\""));
    close(ends[0]);
    close(ends[1]);
    state_free(L, &context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields_stand_by_name),
                                       cmocka_unit_test(test_print_is_a_line_of_the_request)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
