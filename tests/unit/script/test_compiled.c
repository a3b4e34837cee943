/* test_compiled.c -- compiled once, a file runs in any state, and tells of its lines as from source. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/script/compiled.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/snapshot.h"
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];

static struct snapshot *read_with(const char *text) {
    char path[128];
    struct snapshot *snapshot = NULL;
    snprintf(path, sizeof path, "%s/x.lua", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(snapshot_read(&snapshot, dir, NULL), ERR_OK);
    return snapshot;
}

static int push(lua_State *L) {
    compiled_push(L, lua_touserdata(L, 1), lua_touserdata(L, 2));
    return 1;
}

static void load(lua_State *L, struct compiled *compiled, const struct module *module) {
    lua_pushcfunction(L, push);
    lua_pushlightuserdata(L, compiled);
    lua_pushlightuserdata(L, (void *)(uintptr_t)module);
    assert_int_equal(lua_pcall(L, 2, 1, 0), LUA_OK);
}

static void test_runs_and_tells_its_lines(void **unused) {
    (void)unused;
    struct snapshot *snapshot = read_with("local x\n\nreturn x.y\n");
    struct compiled *compiled = NULL;
    assert_int_equal(compiled_new(&compiled, snapshot, NULL, NULL), ERR_OK);
    for (int i = 0; i < 2; i++) {
        lua_State *L = luaL_newstate();
        load(L, i == 0 ? compiled : NULL, snapshot_at(snapshot, 0));
        assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_ERRRUN);
        assert_non_null(strstr(lua_tostring(L, -1), "x.lua:3: attempt to index a nil value (local 'x')"));
        lua_close(L);
    }
    compiled_free(compiled);
    snapshot_free(snapshot);
}

/* A file that has changed is compiled, and only that. */
static void test_what_is_known_is_copied(void **unused) {
    (void)unused;
    struct snapshot *old = read_with("return 1\n"), *new;
    struct compiled *former = NULL, *same = NULL, *other = NULL;
    lua_State *L = luaL_newstate();
    assert_int_equal(compiled_new(&former, old, NULL, NULL), ERR_OK);
    assert_int_equal(compiled_new(&same, old, former, NULL), ERR_OK);
    new = read_with("return 2\n");
    assert_int_equal(compiled_new(&other, new, former, NULL), ERR_OK);
    compiled_free(former);
    load(L, same, snapshot_at(old, 0));
    assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
    load(L, other, snapshot_at(new, 0));
    assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
    assert_int_equal(lua_tointeger(L, -2), 1);
    assert_int_equal(lua_tointeger(L, -1), 2);
    lua_close(L);
    compiled_free(same), compiled_free(other);
    snapshot_free(old), snapshot_free(new);
}

static void test_what_does_not_compile(void **unused) {
    (void)unused;
    struct snapshot *snapshot = read_with("\nreturn return\n");
    struct compiled *compiled = NULL;
    struct err err = {0};
    assert_int_equal(compiled_new(&compiled, snapshot, NULL, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "x.lua:2: "));
    snapshot_free(snapshot);
}

static void test_bytecode_is_no_source(void **unused) {
    (void)unused;
    struct snapshot *snapshot = read_with("\033Lua and so on");
    struct compiled *compiled = NULL;
    assert_int_equal(compiled_new(&compiled, snapshot, NULL, NULL), ERR_INVALID);
    snapshot_free(snapshot);
}

static int open_folder(void **unused) {
    (void)unused;
    snprintf(dir, sizeof dir, "/tmp/plateia-compiled-XXXXXX");
    return crypto_open(NULL) || !mkdtemp(dir);
}

static int remove_folder(void **unused) {
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_and_tells_its_lines), cmocka_unit_test(test_what_is_known_is_copied),
        cmocka_unit_test(test_what_does_not_compile), cmocka_unit_test(test_bytecode_is_no_source)};
    return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
