/* bus_lua.c -- raw.bus: events as text. What an event is, and which may be published, the prelude knows. */

#include "../services/bus.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

static int l_publish(lua_State *L) {
    struct err err = {0};
    size_t len;
    const char *name = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &len);
    if (bus_publish(context_of(L)->services->bus, name, text, len, &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

/* The event as other processes understand it: what to NOTIFY. */
static int l_letter(lua_State *L) {
    struct context *context = context_of(L);
    size_t len;
    const char *name = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &len);
    buf_clear(&context->scratch);
    bus_letter(context->services->bus, name, text, len, &context->scratch);
    if (context->scratch.failed) return luaL_error(L, "out of memory");
    lua_pushlstring(L, context->scratch.data, context->scratch.len);
    return 1;
}

static const luaL_Reg functions[] = {{"publish", l_publish}, {"letter", l_letter}, {NULL, NULL}};

int bindings_bus(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
