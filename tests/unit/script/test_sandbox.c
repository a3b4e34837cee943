/* test_sandbox.c -- what a script can reach, and what it cannot break. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/script/sandbox.h"
#include "../../../core/services/snapshot.h"
#include "../support/state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char short_dir[64];
static const char *dir = short_dir;

static void write_file(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_dir(void **unused) {
    (void)unused;
    snprintf(short_dir, sizeof short_dir, "/tmp/plateia-sandbox-XXXXXX");
    return mkdtemp(short_dir) ? 0 : -1;
}

static int remove_dir(void **unused) {
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    return system(command);
}

static int open_and_require(lua_State *L) {
    sandbox_open(L);
    sandbox_require(L, "app");
    return 1;
}

/* What app.lua returns as text, or the error's text. */
static const char *run(const char *app) {
    static char text[1024];
    struct context context = {0};
    struct snapshot *snapshot = NULL;
    struct err err = {0};
    write_file("app.lua", app);
    assert_int_equal(snapshot_read(&snapshot, dir, &err), ERR_OK);
    context.snapshot = snapshot;
    lua_State *L = state_new(&context);
    lua_pushcfunction(L, open_and_require);
    lua_pcall(L, 0, 1, 0);
    snprintf(text, sizeof text, "%s", luaL_tolstring(L, -1, NULL));
    state_free(L, &context);
    snapshot_free(snapshot);
    return text;
}

static void expect(const char *app, const char *part) {
    const char *text = run(app);
    if (!strstr(text, part)) fail_msg("%s\n  gave: %s\n  without: %s", app, text, part);
}

static void test_absent(void **unused) {
    (void)unused;
    static const char *const names[] = {"io",         "package", "load",           "loadfile",  "dofile",
                                        "loadstring", "debug",   "collectgarbage", "coroutine", "xpcall",
                                        "rawset",     "rawget",  "rawequal",       "_G",        "misspelt"};
    static const char *const members[] = {"string.dump", "os.execute",  "os.exit",        "os.getenv",
                                          "os.remove",   "math.random", "math.randomseed"};
    char app[128], words[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(app, sizeof app, "return tostring(%s)", names[i]);
        snprintf(words, sizeof words, "app.lua:1: there is no \"%s\" here", names[i]);
        expect(app, words);
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        snprintf(app, sizeof app, "return tostring(%s)", members[i]);
        assert_string_equal(run(app), "nil");
    }
}

static void test_frozen(void **unused) {
    (void)unused;
    static const char *const apps[] = {
        "x = 1 return 1",
        "string.rep = nil return 1",
        "table.insert = print return 1",
        "function string.trim(s) return s end return 1",
        "print = nil return 1",
        "table.insert(string, 1) return 1",
        "require('plateia.json').encode = 1 return 1",
    };
    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++)
        expect(apps[i], "cannot be set here");
    expect("setmetatable(string, {}) return 1", "protected metatable");
    expect("setmetatable({}, {__gc = print}) return 1", "__gc");
    assert_string_equal(run("return getmetatable('')"), "false");
    assert_string_equal(run("return getmetatable(string)"), "false");
    assert_string_equal(run("return ('x'):rep(3)"), "xxx");
    assert_string_equal(run("return next(string) == nil and type(string.sub)"), "function");
}

static void test_require(void **unused) {
    (void)unused;
    write_file("a.lua", "local n = ... return {name = n}");
    assert_string_equal(run("return require('a').name"), "a");
    assert_string_equal(run("return require('a') == require('a')"), "true");
    expect("return require 'nothing'", "no module \"nothing\"");
    expect("return require 'plateia.raw'", "no module \"plateia.raw\"");
    expect("return require 'plateia.boot'", "no module \"plateia.boot\"");
    write_file("b.lua", "return require 'c'");
    write_file("c.lua", "return require 'b'");
    expect("return require 'b'", "requires itself");
    write_file("d.lua", "local x = 1");
    expect("return require 'd'", "d.lua:1: the file returns nothing");
}

static void test_errors_name_their_place(void **unused) {
    (void)unused;
    expect("local x =\n\n]", "app.lua:3:");
    expect("\nerror 'boom'", "app.lua:2: boom");
    expect("\027Lua", "app.lua"); /* bytecode is not text */
    write_file("e.lua", "\n\nlocal t = nil; return t.x");
    expect("return require 'e'", "e.lua:3:");
}

/* Exactly: the folder, then these words. */
static void expect_message(const char *app, const char *words) {
    char message[1024];
    snprintf(message, sizeof message, "%s/%s", dir, words);
    assert_string_equal(run(app), message);
}

static void test_errors_begin_with_a_place_of_a_script(void **unused) {
    (void)unused;
    expect_message("\nerror('boom', 0)\n\nreturn {}", "app.lua:4: boom");
    expect_message("error('app.lua:7: like a place, but no file of ours', 0)",
                   "app.lua:1: app.lua:7: like a place, but no file of ours");
    write_file("declare.lua", "return function() error('it does not fit', 0) end");
    write_file("f.lua", "local declare = require 'declare'\n\nreturn declare {}");
    expect_message("local f = require 'f'\nreturn f", "f.lua:3: it does not fit");
    expect_message("\n\nreturn require 'f'", "f.lua:3: it does not fit");
    expect_message("local fine, why = pcall(require, 'f')\nreturn why", "f.lua:3: it does not fit");
    expect("local x\nerror {}", "app.lua:1: table: 0x");
    expect("\nrequire 'nothing'", "app.lua:2: there is no module");
    expect("return require 'nothing'", "app.lua:1: there is no module");
}

/* Lua shortens file names of 60 characters and more. */
static void test_a_long_name_is_whole(void **unused) {
    static char long_dir[256];
    (void)unused;
    snprintf(long_dir, sizeof long_dir, "%s/a_folder_with_a_name_as_long_as_they_come/and_another_one", dir);
    char command[600];
    snprintf(command, sizeof command, "mkdir -p '%s'", long_dir);
    assert_int_equal(system(command), 0);
    dir = long_dir;
    expect_message("\n\nerror 'boom'", "app.lua:3: boom");
    write_file("g.lua", "\nlocal x = = 1");
    expect_message("return require 'g'", "g.lua:2: unexpected symbol near '='");
    write_file("g.lua", "\nreturn nothing.x");
    expect("return require 'g'", "one/g.lua:2: there is no \"nothing\" here");
    dir = short_dir;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent),
                                       cmocka_unit_test(test_frozen),
                                       cmocka_unit_test(test_require),
                                       cmocka_unit_test(test_errors_name_their_place),
                                       cmocka_unit_test(test_errors_begin_with_a_place_of_a_script),
                                       cmocka_unit_test(test_a_long_name_is_whole)};
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
