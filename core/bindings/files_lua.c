/* files_lua.c -- what a script may learn of its surroundings: settings, module names, data files, the number
 * of its generation; where in a file something stands, for messages; and how far a long job is. */

#include "../services/settings.h"
#include "../services/snapshot.h"
#include "bindings.h"
#include "context.h"
#include "place.h"
#include <lauxlib.h>
#include <string.h>

static int l_settings(lua_State *L) {
    struct context *context = context_of(L);
    buf_clear(&context->scratch);
    lua_pushstring(L, settings_text(context->services->settings, luaL_checkstring(L, 1), &context->scratch));
    return 1;
}

/* "routes" -> {"routes.account", ...}: modules right below, not the folder's own. */
static int l_scripts(lua_State *L) {
    const struct snapshot *snapshot = context_of(L)->snapshot;
    const char *dir = luaL_checkstring(L, 1);
    size_t len = strlen(dir); /* and not Lua's: beyond a NUL a name's own bytes have ended */
    lua_newtable(L);
    for (size_t i = 0; i < snapshot_count(snapshot); i++) {
        const char *name = snapshot_at(snapshot, i)->name;
        if (strncmp(name, dir, len) != 0 || name[len] != '.' || strchr(name + len + 1, '.')) continue;
        lua_pushstring(L, name);
        lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    }
    return 1;
}

static int l_file(lua_State *L) {
    struct context *context = context_of(L);
    struct err err = {0};
    buf_done(&context->scratch);
    if (snapshot_file(context->snapshot, luaL_checkstring(L, 1), &context->scratch, &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushlstring(L, context->scratch.data, context->scratch.len);
    buf_done(&context->scratch); /* a large file's memory is not kept */
    return 1;
}

/* "app", text... -> "scripts/app.lua:31": the line of the first of the texts that stands in that file, or
 * else its first line; nil where there is no such module. */
static int l_place(lua_State *L) {
    const struct module *module = snapshot_find(context_of(L)->snapshot, luaL_checkstring(L, 1));
    int line = 0, last = lua_gettop(L);
    if (!module) return 0;
    for (int i = 2; i <= last && line == 0; i++)
        line = place_line(module, luaL_checkstring(L, i));
    lua_pushfstring(L, "%s:%d", module->chunk + 1, line ? line : 1);
    return 1;
}

static int l_progress(lua_State *L) {
    const struct services *services = context_of(L)->services;
    long done = (long)luaL_checkinteger(L, 1), total = (long)luaL_checkinteger(L, 2);
    const char *what = luaL_checkstring(L, 3);
    if (services->progress) services->progress(services->progress_ctx, done, total, what);
    return 0;
}

static const luaL_Reg functions[] = {{"settings", l_settings}, {"scripts", l_scripts},   {"file", l_file},
                                     {"place", l_place},       {"progress", l_progress}, {NULL, NULL}};

int bindings_files(lua_State *L, int raw) {
    lua_pushvalue(L, raw);
    luaL_setfuncs(L, functions, 0);
    lua_pushinteger(L, context_of(L)->generation);
    lua_setfield(L, -2, "generation");
    lua_pop(L, 1);
    return 0;
}
