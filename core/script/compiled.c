/* compiled.c -- source to bytecode in a state of its own that is thrown away.
 *
 * luaL_loadbufferx and lua_dump do not keep anything of that state, and line numbers stay in the bytecode, so
 * that messages and tracebacks read as from source. */

#include "compiled.h"
#include "../base/buf.h"
#include "../services/snapshot.h"
#include "prelude.h"
#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct compiled {
    const struct snapshot *snapshot;
    size_t module_count, prelude_count;
    struct buf *modules, *prelude; /* in the order of the snapshot, and of prelude_files */
};

static size_t count_prelude(void) {
    size_t count = 0;
    while (prelude_files[count].name)
        count++;
    return count;
}

static int keep(lua_State *L, const void *bytes, size_t len, void *ud) {
    (void)L;
    buf_add(ud, bytes, len);
    return ((struct buf *)ud)->failed;
}

static enum err_code compile(lua_State *L, const char *text, size_t len, const char *chunk, struct buf *ret,
                             struct err *err) {
    if (luaL_loadbufferx(L, text, len, chunk, "t") != LUA_OK)
        return err_set(err, ERR_INVALID, "%s", lua_tostring(L, -1));
    lua_dump(L, keep, ret, 0);
    lua_settop(L, 0);
    return ret->failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : ERR_OK;
}

/* "=prelude/route.lua" */
static void name_prelude(char ret[64], const struct prelude_file *file) {
    strcpy(stpcpy(stpcpy(ret, "=prelude/"), file->name), ".lua");
}

static enum err_code copy(struct buf *ret, const struct buf *code, struct err *err) {
    buf_add(ret, code->data, code->len);
    return ret->failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : ERR_OK;
}

/* Of a file with the same name and text; NULL: there is none. */
static const struct buf *find_code(const struct compiled *former, const struct module *module) {
    const struct module *same = former ? snapshot_find(former->snapshot, module->name) : NULL;
    if (!same || same->len != module->len || memcmp(same->text, module->text, module->len) != 0 ||
        strcmp(same->chunk, module->chunk) != 0)
        return NULL;
    return &former->modules[same - snapshot_at(former->snapshot, 0)];
}

static enum err_code take_module(struct compiled *compiled, const struct compiled *former, size_t i,
                                 lua_State *L, struct err *err) {
    const struct module *module = snapshot_at(compiled->snapshot, i);
    const struct buf *known = find_code(former, module);
    if (known) return copy(&compiled->modules[i], known, err);
    return compile(L, module->text, module->len, module->chunk, &compiled->modules[i], err);
}

/* "test", "test_run": what a run of specs loads is compiled there, and costs a server nothing. */
static bool is_for_specs(const struct prelude_file *file) {
    return strncmp(file->name, "test", 4) == 0 && (file->name[4] == '\0' || file->name[4] == '_');
}

static enum err_code take_prelude(struct compiled *compiled, const struct compiled *former, size_t i,
                                  lua_State *L, struct err *err) {
    const struct prelude_file *file = &prelude_files[i];
    char chunk[64];
    if (is_for_specs(file)) return ERR_OK;
    if (former) return copy(&compiled->prelude[i], &former->prelude[i], err);
    name_prelude(chunk, file);
    return compile(L, file->text, file->len, chunk, &compiled->prelude[i], err);
}

static enum err_code take_all(struct compiled *compiled, const struct compiled *former, lua_State *L,
                              struct err *err) {
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < compiled->prelude_count && code == ERR_OK; i++)
        code = take_prelude(compiled, former, i, L, err);
    for (size_t i = 0; i < compiled->module_count && code == ERR_OK; i++)
        code = take_module(compiled, former, i, L, err);
    return code;
}

enum err_code compiled_new(struct compiled **ret, const struct snapshot *snapshot,
                           const struct compiled *former, struct err *err) {
    enum err_code code = ERR_NO_MEMORY;
    struct compiled *compiled = calloc(1, sizeof *compiled);
    lua_State *L = luaL_newstate();
    if (!compiled || !L) {
        err_set(err, code, "out of memory");
        goto out;
    }
    *compiled = (struct compiled){
        .snapshot = snapshot, .module_count = snapshot_count(snapshot), .prelude_count = count_prelude()};
    compiled->modules = calloc(compiled->module_count + 1, sizeof *compiled->modules);
    compiled->prelude = calloc(compiled->prelude_count + 1, sizeof *compiled->prelude);
    if (!compiled->modules || !compiled->prelude) {
        err_set(err, code, "out of memory");
        goto out;
    }
    code = take_all(compiled, former, L, err);
out:
    if (L) lua_close(L);
    if (code == ERR_OK)
        *ret = compiled;
    else
        compiled_free(compiled);
    return code;
}

void compiled_free(struct compiled *compiled) {
    if (!compiled) return;
    for (size_t i = 0; compiled->modules && i < compiled->module_count; i++)
        buf_done(&compiled->modules[i]);
    for (size_t i = 0; compiled->prelude && i < compiled->prelude_count; i++)
        buf_done(&compiled->prelude[i]);
    free(compiled->modules);
    free(compiled->prelude);
    free(compiled);
}

/* ---- into a state ---- */

static void push(lua_State *L, const struct buf *code, const char *text, size_t len, const char *chunk) {
    int status = code ? luaL_loadbufferx(L, code->data, code->len, chunk, "b")
                      : luaL_loadbufferx(L, text, len, chunk, "t");
    if (status != LUA_OK) lua_error(L);
}

void compiled_push(lua_State *L, const struct compiled *compiled, const struct module *module) {
    const struct buf *code =
        compiled ? &compiled->modules[module - snapshot_at(compiled->snapshot, 0)] : NULL;
    push(L, code, module->text, module->len, module->chunk);
}

void compiled_push_prelude(lua_State *L, const struct compiled *compiled, const struct prelude_file *file) {
    char chunk[64];
    name_prelude(chunk, file);
    bool known = compiled && !is_for_specs(file);
    push(L, known ? &compiled->prelude[file - prelude_files] : NULL, file->text, file->len, chunk);
}
