/* test_raw.c -- the double that busted specs use has the same keys as the real table, so it cannot drift. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/bindings/bindings.h"
#include "../support/state.h"

/* Two tables' keys and their values' types, one level below too; returns the differences as text. */
static const char compare[] =
    "local real, double = ...\n"
    "local found = {}\n"
    "local function look(path, a, b)\n"
    "  for key, value in pairs(a) do\n"
    "    local name = path .. tostring(key)\n"
    "    if type(b[key]) ~= type(value) then found[#found + 1] = name .. ': ' .. type(value) .. ' and ' .. "
    "type(b[key]) end\n"
    "    if type(value) == 'table' and type(b[key]) == 'table' then look(name .. '.', value, b[key]) end\n"
    "  end\n"
    "end\n"
    "look('raw.', real, double)\n"
    "look('double.', double, real)\n"
    "return table.concat(found, ', ')\n";

static void test_double_has_the_same_keys(void **unused) {
    (void)unused;
    struct context context = {0};
    lua_State *L = state_new(&context);
    luaL_openlibs(L);
    assert_int_equal(luaL_dostring(L, "package.path = './?.lua;' .. package.path"), LUA_OK);
    assert_int_equal(luaL_loadstring(L, compare), LUA_OK);
    bindings_open(L);
    if (luaL_dofile(L, "tests/spec/support/raw.lua") != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
    assert_int_equal(lua_gettop(L), 3);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
    assert_string_equal(lua_tostring(L, -1), "");
    state_free(L, &context);
}

/* The request's methods are listed once in the core and once in the double's http.lua. */
static void test_request_has_the_same_methods(void **unused) {
    (void)unused;
    static const char *const names[] = {"id",     "method", "path",       "peer",   "param",   "query",
                                        "header", "body",   "set_header", "answer", "problem", "stream"};
    struct context context = {0};
    struct request *req = NULL;
    lua_State *L = state_new(&context);
    luaL_openlibs(L);
    bindings_request(L);
    bindings_push_request(L, req);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(lua_getfield(L, 1, names[i]), LUA_TFUNCTION);
        lua_pushvalue(L, 1);
        assert_int_equal(lua_pcall(L, 1, 0, 0), LUA_ERRRUN);
        assert_string_equal(lua_tostring(L, -1), "the request is over");
        lua_settop(L, 1);
    }
    state_free(L, &context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_double_has_the_same_keys),
                                       cmocka_unit_test(test_request_has_the_same_methods)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
