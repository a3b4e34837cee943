/* test_string.c -- our string and table functions: the same as Lua's, but none runs for ever. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/bindings/bindings.h"
#include "../support/state.h"
#include <stdio.h>
#include <string.h>

/* Put `stock`, a copy of Lua's own functions, aside and ours in their place. */
static lua_State *L;

static int open_state(void **unused) {
    (void)unused;
    L = luaL_newstate();
    luaL_openlibs(L);
    assert_int_equal(luaL_dostring(L, "stock = {} for k, v in pairs(string) do stock[k] = v end"), LUA_OK);
    lua_getglobal(L, "string");
    bindings_string(L);
    bindings_text(L);
    lua_getglobal(L, "table");
    bindings_table(L);
    lua_getglobal(L, "os");
    bindings_os(L);
    lua_settop(L, 0);
    return 0;
}

static int close_state(void **unused) {
    (void)unused;
    lua_close(L);
    return 0;
}

/* The first result of the code as text, or the error's. */
static const char *eval(const char *code) {
    static char text[1024];
    lua_settop(L, 0);
    if (luaL_loadbuffer(L, code, strlen(code), "=test") != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK)
        snprintf(text, sizeof text, "raised %s", lua_tostring(L, -1));
    else
        snprintf(text, sizeof text, "%s", luaL_tolstring(L, 1, NULL));
    return text;
}

static void expect(const char *const rows[][2], size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text = eval(rows[i][0]);
        if (strcmp(text, rows[i][1]) != 0)
            fail_msg("%s\n  gave: %s\n  not:  %s", rows[i][0], text, rows[i][1]);
    }
}

#define EXPECT(rows) expect(rows, sizeof(rows) / sizeof *(rows))

#ifdef __SANITIZE_THREAD__
#define CALLS "10000" /* a raise is very slow there, and one thread has no races */
#else
#define CALLS "200000"
#endif

static void patterns_are_luas(void **unused) {
    (void)unused;
    static const char code[] =
        "local patterns = assert(loadfile 'tests/unit/support/patterns.lua')(stock, string)\n"
        "local calls = " CALLS "\n"
        "local why = patterns.try(calls, 4)\n"
        "if why then return why end\n"
        "local seen = patterns.seen\n"
        "assert(seen.found > calls / 5 and seen.none > calls / 5 and seen.raised > calls / 40,\n"
        "  seen.found .. ' ' .. seen.none .. ' ' .. seen.raised)\n"
        "return 'the same'";
    assert_string_equal(eval(code), "the same");
}

static void wrong_arguments_are_told_as_by_lua(void **unused) {
    (void)unused;
    static const char code[] =
        "local function told(f, ...)\n"
        "  local ok, why = pcall(function(...) return f(...) end, ...)\n"
        "  return tostring(ok) .. ' ' .. tostring(why)\n"
        "end\n"
        "local values = { {}, 'a', 1, 1.5, '2', true, type, false }\n"
        "local count = 0\n"
        "for _, name in ipairs { 'find', 'match', 'gmatch', 'gsub', 'rep', 'format', 'pack' } do\n"
        "  for i = 0, 8 do for j = 0, 8 do for k = 0, 8 do\n"
        "    local a, b, c = values[i], values[j], values[k]\n"
        "    local theirs, mine = told(stock[name], a, b, c), told(string[name], a, b, c)\n"
        "    theirs, mine = theirs:gsub('0x%x+', ''), mine:gsub('0x%x+', '')\n"
        "    if theirs ~= mine then return name .. ': ' .. theirs .. ' / ' .. mine end\n"
        "    count = count + 1\n"
        "  end end end\n"
        "end\n"
        "return count";
    assert_string_equal(eval(code), "5103");
}

static void a_costly_pattern_ends(void **unused) {
    (void)unused;
    static const char *const rows[][2] = {
        {"return ('a'):rep(300):find(('a-'):rep(30) .. 'b')",
         "raised test:1: pattern is too costly: more than 1009600 steps on 300 bytes (a simpler pattern, or "
         "plain "
         "find, is needed)"},
        {"return pcall(string.match, ('a'):rep(300), ('.-'):rep(30) .. 'b')", "false"},
        {"return pcall(string.gsub, ('a'):rep(300), ('a*'):rep(30) .. 'b', '')", "false"},
        {"return pcall(string.gmatch(('a'):rep(300), ('a?'):rep(300) .. ('a'):rep(301)))", "false"},
        {"return pcall(string.gsub, ('a'):rep(1000), '', ('%0'):rep(1000000))",
         "false"}, /* nothing, for ever */
        {"local s = ('x'):rep(1 << 20) return #s:match '^(.-)$' + #s:match '.*' + #s:gsub('.', '%0')",
         "3145728"},
        {"local s = ('x'):rep(1 << 20) return s:find(('x'):rep(1 << 19) .. 'y', 1, true)", "nil"},
    };
    EXPECT(rows);
}

/* Nothing here lives outside Lua's memory, or the sanitizer would tell. */
static void a_callback_may_raise(void **unused) {
    (void)unused;
    static const char *const rows[][2] = {
        {"return (('a'):rep(5000):gsub('a', function() error 'no' end))", "raised test:1: no"},
        {"local n = 0 return (('a'):rep(9000):gsub('a', function() n = n + 1 if n == 8999 then error 'late' "
         "end end))",
         "raised test:1: late"},
        {"return (('ab'):gsub('a', setmetatable({}, {__index = function() error 'index' end})))",
         "raised test:1: index"},
        {"local function f(s) return (s:gsub('.', f)) end return pcall(f, 'a')",
         "false"}, /* the C stack's end */
        {"local inner = ('ab'):gsub('%w', function(c) return (c:gsub('.', '<%0>')) end) return inner",
         "<a><b>"},
        {"local t = {} for a in ('x y'):gmatch '%a' do for b in ('1 2'):gmatch '%d' do t[#t + 1] = a .. b "
         "end end\n"
         "return table.concat(t, ' ')",
         "x1 x2 y1 y2"},
    };
    EXPECT(rows);
}

static void never(lua_State *state, lua_Debug *event) {
    (void)state;
    (void)event;
}

static void a_hook_ends_a_search(void **unused) {
    (void)unused;
    static const char costly[] = "return ('a'):rep(1 << 20):find 'a-b'";
    static const char *const joined =
        "return table.concat(setmetatable({}, {__index = function() return 1 end}), "
        "'', 1, 100000)";
    assert_non_null(strstr(eval(costly), "too costly"));
    assert_int_equal(strlen(eval(joined)), 1023); /* as much as eval shows */
    lua_sethook(L, never, LUA_MASKCOUNT, 1 << 30);
    assert_non_null(strstr(eval(costly), "test:1: pattern was stopped after "));
    assert_string_equal(eval(joined), "raised test:1: table.concat was stopped");
    lua_sethook(L, NULL, 0, 0);
}

static void results_are_bounded(void **unused) {
    (void)unused;
    static const char *const rows[][2] = {
        {"return #('x'):rep(8 << 20)", "8388608"},
        {"return ('x'):rep(9 << 20)", "raised test:1: string.rep: the result would be larger than 8 MiB"},
        {"return ('x'):rep(5 << 20, 'y')",
         "raised test:1: string.rep: the result would be larger than 8 MiB"},
        {"return ('x'):rep(math.maxinteger)",
         "raised test:1: string.rep: the result would be larger than 8 MiB"},
        {"return '<' .. (''):rep(math.maxinteger) .. '>'", "<>"},
        {"return '<' .. ('x'):rep(math.mininteger) .. ('ab'):rep(3, ',') .. ('x'):rep(1, 'y') .. '>'",
         "<ab,ab,abx>"},
        {"local s = ('x'):rep(5 << 20) return ('%s%s'):format(s, s)",
         "raised test:1: string.format: the result would be larger than 8 MiB"},
        {"local t = {} for i = 1, 1001 do t[i] = i end return string.format(('%d'):rep(1001), "
         "table.unpack(t))",
         "raised test:1: string.format: more than 1000 values"},
        {"return ('%q'):format(('\\1'):rep(2 << 20))",
         "raised test:1: string.format: more than 1 MiB to quote"},
        {"return ('%5.1f|%s|%q'):format(1.25, {} and 'x', 'a\\0')", "  1.2|x|\"a\\0\""},
        {"return ('%d'):format 'x'",
         "raised test:1: bad argument #1 to 'format' (number expected, got string)"},
        {"return string.pack('c9000000', '')",
         "raised test:1: string.pack: the result would be larger than 8 MiB"},
        {"return string.pack('c5000000c5000000', '', '')",
         "raised test:1: string.pack: the result would be larger than 8 MiB"},
        {"return string.pack('c99999999999999999999999999', '')",
         "raised test:1: string.pack: the result would be larger than 8 MiB"},
        {"return #string.pack('<i4 s2 c10', 1, 'ab', 'c')", "18"},
        {"return os.date(('%c'):rep(1000))",
         "raised test:1: bad argument #1 to 'date' (a format of at most 1024 bytes)"},
        {"return os.date('!%Y', 0)", "1970"},
        {"return (('x'):rep(1 << 20):gsub('x', 'too long by far'))",
         "raised test:1: string.gsub: the result would be larger than 8 MiB"},
        {"local s = ('x'):rep(5 << 20) return (('ab'):gsub('.', function() return s end))",
         "raised test:1: string.gsub: the result would be larger than 8 MiB"},
        {"local s = ('x'):rep(5 << 20) return table.concat {s, s}",
         "raised test:1: table.concat: the result would be larger than 8 MiB"},
        {"return table.concat({'', '', ''}, ('x'):rep(5 << 20))",
         "raised test:1: table.concat: the result would be larger than 8 MiB"},
    };
    EXPECT(rows);
}

static void tables_are_bounded(void **unused) {
    (void)unused;
    static const char *const rows[][2] = {
        {"return table.concat({1, 'b', 2.5}, ', ')", "1, b, 2.5"},
        {"return table.concat({1, 2, 3}, '-', 2) .. table.concat({}, '-') .. table.concat({7}, '-', 2, 1)",
         "2-3"},
        {"return table.concat({[math.maxinteger] = 'z'}, '', math.maxinteger, math.maxinteger)", "z"},
        {"return table.concat {1, {}, 3}",
         "raised test:1: invalid value (table) at index 2 in table for 'concat'"},
        {"return table.concat 'x'",
         "raised test:1: bad argument #1 to 'concat' (table expected, got string)"},
        {"return table.concat({}, '', 1, 1000001)",
         "raised test:1: table.concat: more than 1000000 elements"},
        {"return table.concat({}, '', math.mininteger, math.maxinteger)",
         "raised test:1: table.concat: more than 1000000 elements"},
        {"return table.concat(setmetatable({}, {__len = function() return 1 << 40 end}))",
         "raised test:1: table.concat: more than 1000000 elements"},
        {"return table.concat(table.move({1, 2, 3}, 1, 3, 2))", "1123"},
        {"table.move({}, 1, 1000001, 2)", "raised test:1: table.move: more than 1000000 elements"},
        {"table.move({}, math.mininteger, math.maxinteger, 2)",
         "raised test:1: table.move: more than 1000000 elements"},
        {"table.move({}, 1, 'x', 2)",
         "raised test:1: bad argument #3 to 'move' (number expected, got string)"},
        {"local t = {1, 2, 3, 4} t[5] = 5 for i = 3, 61 do t[1 << i] = i end t[9] = 9 return #t > 1000001 "
         "and "
         "table.insert(t, 1, 'x')",
         "raised test:1: table.insert: more than 1000000 elements"},
        {"local t = {1, 2, 3, 4} t[5] = 5 for i = 3, 61 do t[1 << i] = i end t[9] = 9 return #t > 1000001 "
         "and "
         "table.remove(t, 1)",
         "raised test:1: table.remove: more than 1000000 elements"},
        {"table.insert(setmetatable({}, {__len = function() return 1 << 50 end}), 1, 'x')",
         "raised test:1: table.insert: the table has a __len of its own"},
        {"table.remove(setmetatable({}, {__len = function() return 1 << 50 end}), 1)",
         "raised test:1: table.remove: the table has a __len of its own"},
        {"local t = {1, 2, 3} table.insert(t, 1, 0) table.insert(t, 4) table.remove(t, 2) table.remove(t)\n"
         "return table.concat(t, ' ')",
         "0 2 3"},
        {"table.insert({}, 5, 1)", "raised test:1: bad argument #2 to 'insert' (position out of bounds)"},
        {"local t = {'b', 'c', 'a'} table.sort(t) return table.concat(t)", "abc"},
        {"local t = {2, 3, 1} table.sort(t, function(a, b) return a > b end) return table.concat(t)", "321"},
        {"table.sort({1, 'x'})", "raised attempt to compare string with number"},
        {"table.sort({2, 1}, function() error 'no' end)", "raised test:1: no"},
        {"local t = {} for i = 1, 40001 do t[i] = i end table.sort(t)",
         "raised test:1: table.sort: more than 40000 elements"},
        {"local t = {} for i = 1, 60000 do t[i] = -i end table.sort(t, function(a, b) return a < b end)\n"
         "return t[1]",
         "-60000"},
        {"local t = {} for i = 1, 200001 do t[i] = i end table.sort(t, function(a, b) return a < b end)",
         "raised test:1: table.sort: more than 200000 elements"},
        {"local s, t = ('x'):rep(1 << 20), {} for i = 1, 9 do t[i] = s .. i end table.sort(t)",
         "raised test:1: table.sort: more than 4 MiB of text to compare"},
        {"table.sort(setmetatable({}, {__len = function() return 1 << 30 end}))",
         "raised test:1: table.sort: the table has a __len of its own"},
    };
    EXPECT(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_luas),     cmocka_unit_test(wrong_arguments_are_told_as_by_lua),
        cmocka_unit_test(a_costly_pattern_ends), cmocka_unit_test(a_callback_may_raise),
        cmocka_unit_test(a_hook_ends_a_search),  cmocka_unit_test(results_are_bounded),
        cmocka_unit_test(tables_are_bounded),
    };
    return cmocka_run_group_tests(tests, open_state, close_state);
}
