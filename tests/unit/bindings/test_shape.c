/* test_shape.c -- raw.json.shape and write: an answer is written as declared, or it is said what does not
 * fit. */

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

/* Fields as plateia.field makes them. */
static const char *const fields =
    "local function of(kind, more) local f = more or {} f.kind = kind return f end\n"
    "integer, number, text = of 'integer', of 'number', of 'string'\n"
    "boolean, nothing = of 'boolean', of 'nothing'\n"
    "choice = of('choice', { choices = { 'a', 'b', 3 } })\n"
    "function object(...)\n"
    "  local members, given = {}, { ... }\n"
    "  for i = 1, #given, 2 do members[#members + 1] = { name = given[i], field = given[i + 1] } end\n"
    "  return of('object', { members = members })\n"
    "end\n"
    "function list(item) return of('list', { of = item }) end\n"
    "function optional(kind) return of(kind, { optional = true }) end\n"
    "function write(form, value) return json.write(json.shape(form), value) end\n"
    "film = object('id', integer, 'title', text, 'year', optional 'integer')\n"
    "page = object('items', list(film), 'next', optional 'string')\n";

static int open_state(void **unused) {
    (void)unused;
    context = (struct context){0};
    L = state_new(&context);
    luaL_openlibs(L);
    bindings_json(L);
    lua_setglobal(L, "json");
    assert_int_equal(luaL_dostring(L, fields), LUA_OK);
    return 0;
}

static int close_state(void **unused) {
    (void)unused;
    state_free(L, &context);
    return 0;
}

/* The first result, or what is wrong with the value; the error's text when it raised. */
static const char *eval(const char *code) {
    static char text[4096];
    lua_settop(L, 0);
    luaL_dostring(L, code);
    snprintf(text, sizeof text, "%s", lua_gettop(L) ? luaL_tolstring(L, -1, NULL) : "(nothing)");
    return text;
}

struct eval_case {
    const char *code, *expected;
};

static void assert_all(const struct eval_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(eval(cases[i].code), cases[i].expected) != 0)
            fail_msg("%s\n  gives %s\n  not   %s", cases[i].code, eval(cases[i].code), cases[i].expected);
}

#define ASSERT_ALL(cases) assert_all(cases, sizeof(cases) / sizeof *(cases))

static void test_writes(void **unused) {
    (void)unused;
    static const struct eval_case cases[] = {
        {"return write(integer, 5.0)", "5"},
        {"return write(integer, math.mininteger)", "-9223372036854775808"},
        {"return write(number, 5)", "5"},
        {"return write(number, 0.1)", "0.1"},
        {"return write(text, 'gr\\u{f6}\\u{1f3ac}\\n\"\\\\')", "\"gr\xc3\xb6\xf0\x9f\x8e\xac\\n\\\"\\\\\""},
        {"return write(text, '')", "\"\""},
        {"return write(boolean, false)", "false"},
        {"return write(choice, 'b')", "\"b\""},
        {"return write(choice, 3)", "3"},
        {"return select('#', write(nothing, nil))", "0"},
        {"return write(list(integer), {})", "[]"},
        {"return write(list(list(integer)), {{1, 2}, {}})", "[[1,2],[]]"},
        {"return write(object(), {a = 1})", "{}"},
        {"return write(film, {id = 1, title = 'A', secret = 'x'})",
         "{\"id\":1,\"title\":\"A\",\"year\":null}"},
        {"return write(film, {year = 1999, title = 'A', id = 1})",
         "{\"id\":1,\"title\":\"A\",\"year\":1999}"},
        {"return write(film, {id = 1, title = 'A', year = json.null})",
         "{\"id\":1,\"title\":\"A\",\"year\":null}"},
        {"return write(page, {items = {{id = 1, title = 'A'}, {id = 2, title = 'B', year = 3}}})",
         "{\"items\":[{\"id\":1,\"title\":\"A\",\"year\":null},{\"id\":2,\"title\":\"B\",\"year\":3}],"
         "\"next\":null}"},
        {"return write(object('a\"b', film, 'c', choice), {['a\"b'] = {id = 1, title = ''}, c = 'a'})",
         "{\"a\\\"b\":{\"id\":1,\"title\":\"\",\"year\":null},\"c\":\"a\"}"},
        {"local film = {id = 1, title = 'A', more = 1} write(page, {items = {film}}) return film.more", "1"},
    };
    ASSERT_ALL(cases);
}

static void test_tells_what_does_not_fit(void **unused) {
    (void)unused;
    static const struct eval_case cases[] = {
        {"return write(integer, 5.5)", " is a number, not an integer"},
        {"return write(integer, '5')", " is a string, not an integer"},
        {"return write(number, '5')", " is a string, not a number"},
        {"return write(text, 5)", " is a number, not a string"},
        {"return write(boolean, 0)", " is a number, not a boolean"},
        {"return write(choice, 'c')", " is none of its choices"},
        {"return write(choice, nil)", " is none of its choices"},
        {"return write(nothing, 'x')", " is a string, not nil"},
        {"return write(list(integer), 'none')", " is a string, not a list"},
        {"return write(list(integer), {1, json.null})", "[2] is a userdata, not an integer"},
        {"return write(film, nil)", " is a nil, not a table"},
        {"return write(film, {id = 1})", ".title is missing"},
        {"return write(film, {id = json.null, title = 'A'})", ".id is missing"},
        {"return write(page, {items = {{id = 1, title = 'A'}, {id = '2', title = 'B'}}})",
         ".items[2].id is a string, not an integer"},
        {"return write(object('a', object('b', list(film))), {a = {b = {{}}}})", ".a.b[1].id is missing"},
    };
    ASSERT_ALL(cases);
    const char *const again = "return write(film, {id = 1, title = 'A'})"; /* nothing of it is left behind */
    assert_string_equal(eval(again), "{\"id\":1,\"title\":\"A\",\"year\":null}");
}

/* A value is read as scripts read it; what that runs may encode, raise, and be long. */
static void test_metamethods(void **unused) {
    (void)unused;
    static const struct eval_case cases[] = {
        {"local it = setmetatable({}, {__index = function(_, k) return k == 'id' and 7 or json.encode {k} "
         "end})\n"
         "return write(object('id', integer, 'x', text), it)",
         "{\"id\":7,\"x\":\"[\\\"x\\\"]\"}"},
        {"local it = setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return i "
         "end})\n"
         "return write(list(integer), it)",
         "[1,2]"},
        {"return write(film, setmetatable({}, {__index = function() error('none', 0) end}))", "none"},
    };
    ASSERT_ALL(cases);
}

static void test_bounds(void **unused) {
    (void)unused;
    assert_non_null(strstr(eval("local f = integer for _ = 1, 40 do f = list(f) end return write(f, {})"),
                           "nested deeper than 32"));
    assert_non_null(strstr(eval("local t, big = {}, ('x'):rep(1 << 20) for i = 1, 9 do t[i] = big end\n"
                                "return write(list(text), t)"),
                           "8 MiB"));
    assert_non_null(strstr(eval("return #write(list(text), {('x'):rep(1 << 21)})"), "2097156"));
    assert_int_equal(context.written.cap, 0);
    assert_non_null(strstr(eval("return write(film, {id = 1, title = '\\xff'})"), "UTF-8, this is not"));
    assert_non_null(strstr(eval("return write(number, 0/0)"), "not-a-number"));
    assert_non_null(strstr(eval("return json.shape {}"), "bad argument"));
    assert_non_null(strstr(eval("return json.write({}, 1)"), "plateia.shape expected"));
}

/* Names longer than what is told of a place. */
static void test_a_long_place(void **unused) {
    (void)unused;
    const char *told = eval("local name, f, value = ('n'):rep(300), integer, 'x'\n"
                            "for _ = 1, 30 do f, value = object(name, f), {[name] = value} end\n"
                            "return write(f, value)");
    assert_int_equal(strncmp(told, ".nnn", 4), 0);
    assert_true(strlen(told) < 512);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes),       cmocka_unit_test(test_tells_what_does_not_fit),
        cmocka_unit_test(test_metamethods),  cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_a_long_place),
    };
    return cmocka_run_group_tests(tests, open_state, close_state);
}
