/* test_json.c -- raw.json: what goes in comes out, and what cannot is refused in words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/bindings/bindings.h"
#include "../support/state.h"
#include <string.h>

static struct context context;
static lua_State *L;

static int open_state(void **unused) {
    (void)unused;
    context = (struct context){0};
    L = state_new(&context);
    luaL_openlibs(L);
    bindings_json(L);
    lua_setglobal(L, "json");
    return 0;
}

static int close_state(void **unused) {
    (void)unused;
    state_free(L, &context);
    return 0;
}

/* Runs `return ...` and gives its first result as text; the error's text when it raised. */
static const char *eval(const char *code) {
    static char text[4096];
    lua_settop(L, 0);
    if (luaL_dostring(L, code) != LUA_OK || lua_gettop(L) == 0)
        snprintf(text, sizeof text, "%s", lua_gettop(L) ? lua_tostring(L, -1) : "(nothing)");
    else
        snprintf(text, sizeof text, "%s", luaL_tolstring(L, 1, NULL));
    return text;
}

static void test_encode(void **unused) {
    (void)unused;
    static const char *const cases[][2] = {
        {"return json.encode {}", "{}"},
        {"return json.encode(json.array {})", "[]"},
        {"return json.encode {1, 2, 3}", "[1,2,3]"},
        {"local o = json.order {'b', 'a', 'c'} return json.encode(setmetatable({a = 1, b = 2, d = 4}, o))",
         "{\"b\":2,\"a\":1}"},
        {"return json.encode {a = json.null}", "{\"a\":null}"},
        {"return json.encode(9223372036854775807)", "9223372036854775807"},
        {"return json.encode(-9223372036854775807 - 1)", "-9223372036854775808"},
        {"return json.encode(0.1)", "0.1"},
        {"return json.encode(1e300)", "1e+300"},
        {"return json.encode(1/3)", "0.3333333333333333"},
        {"return json.encode 'a\\n\"\\\\/\\0é'", "\"a\\n\\\"\\\\/\\u0000é\""},
        {"return json.encode {a = {b = {true, false}}}", "{\"a\":{\"b\":[true,false]}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(eval(cases[i][0]), cases[i][1]);
}

static void test_encode_refuses(void **unused) {
    (void)unused;
    static const char *const cases[][2] = {
        {"return json.encode(print)", "function"},
        {"return json.encode(0/0)", "not-a-number"},
        {"return json.encode(1/0)", "infinity"},
        {"return json.encode {[true] = 1}", "keys are text"},
        {"return json.encode {[2] = 1}", "keys are text"},
        {"return json.encode '\\xff'", "UTF-8"},
        {"local t = {} t.t = t return json.encode(t)", "nested deeper"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!strstr(eval(cases[i][0]), cases[i][1])) fail_msg("%s: %s", cases[i][0], eval(cases[i][0]));
}

static void test_decode(void **unused) {
    (void)unused;
    static const char *const cases[][2] = {
        {"return math.type(json.decode('5'))", "integer"},
        {"return math.type(json.decode('5.0'))", "integer"},
        {"return math.type(json.decode('5.5'))", "float"},
        {"return json.decode('9007199254740992')", "9007199254740992"},
        {"return math.type(json.decode('9007199254740994'))", "float"},
        {"return math.type(json.decode('{\"a\":[1,{\"b\":2}]}').a[2].b)", "integer"},
        {"return json.decode('null') == json.null", "true"},
        {"return json.decode('\"\\\\u00e9\"')", "é"},
        {"return json.is_array(json.decode('[1]'))", "true"},
        {"return json.is_array(json.decode('{\"a\":1}'))", "false"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(eval(cases[i][0]), cases[i][1]);
}

static void test_decode_refuses(void **unused) {
    (void)unused;
    static const char *const texts[] = {"",     "{",  "[1,]",  "{\"a\":1,}", "nul",         "NaN",
                                        "0x10", "01", "1e400", "[1] 2",      "\"\\u0000\"", "\"\xff\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lua_settop(L, 0);
        lua_getglobal(L, "json");
        lua_getfield(L, -1, "decode");
        lua_pushstring(L, texts[i]);
        assert_int_equal(lua_pcall(L, 1, LUA_MULTRET, 0), LUA_OK);
        if (!lua_isnil(L, 2)) fail_msg("accepted: %s", texts[i]);
        assert_true(lua_rawlen(L, 3) > 3);
        assert_string_equal(lua_tostring(L, 4), "invalid");
    }
    assert_string_equal(eval("return json.decode(('['):rep(33) .. (']'):rep(33))"), "nil");
    assert_string_equal(eval("return json.is_array(json.decode(('['):rep(32) .. (']'):rep(32)))"), "true");
}

/* In words for whoever wrote the JSON: the decoder has names of its own for what it finds. */
static void test_says_what_is_wrong(void **unused) {
    (void)unused;
    static const char *const cases[][2] = {
        {"{\"a\": 1,}", "expected a member's name, found } at character 9"},
        {"{", "expected a member's name, found the end at character 2"},
        {"[1,]", "expected a value, found ] at character 4"},
        {"[1 {}]", "expected a comma or ], found { at character 4"},
        {"{\"a\" 1}", "expected a colon, found a number at character 6"},
        {"{\"a\": 1 true}", "expected a comma or }, found a boolean at character 9"},
        {"[1] \"x\"", "expected the end, found a string at character 5"},
        {"[,null]", "expected a value, found a comma at character 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char code[128];
        snprintf(code, sizeof code, "return select(2, json.decode([=[%s]=]))", cases[i][0]);
        assert_string_equal(eval(code), cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_encode), cmocka_unit_test(test_encode_refuses),
                                       cmocka_unit_test(test_decode), cmocka_unit_test(test_decode_refuses),
                                       cmocka_unit_test(test_says_what_is_wrong)};
    return cmocka_run_group_tests(tests, open_state, close_state);
}
