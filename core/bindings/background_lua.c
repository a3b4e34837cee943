/* background_lua.c -- raw.background: a function is put off until its task has ended. The function must not
 * raise; the prelude sees to that. */

#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <stdlib.h>

static int push_busy(lua_State *L, const char *why) {
    struct err err = {0};
    err_set(&err, ERR_BUSY, "%s", why);
    return task_push_failure(L, &err);
}

static int l_background(lua_State *L) {
    struct context *context = context_of(L);
    struct tasks *tasks = context->services->tasks;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!context->running) return luaL_error(L, "nothing runs in the background while modules load");
    if (tasks->put_off >= TASKS_PUT_OFF) return push_busy(L, "the background has enough to do");
    lua_settop(L, 1);
    int function = luaL_ref(L, LUA_REGISTRYINDEX); /* may raise: before there is memory to lose */
    struct put_off *put_off = malloc(sizeof *put_off);
    if (!put_off) {
        luaL_unref(L, LUA_REGISTRYINDEX, function);
        return push_busy(L, "out of memory");
    }
    *put_off = (struct put_off){.next = context->running->after, .function = function};
    context->running->after = put_off;
    tasks->put_off++;
    lua_pushboolean(L, 1);
    return 1;
}

int bindings_background(lua_State *L) {
    lua_pushcfunction(L, l_background);
    return 1;
}
