/* stream_lua.c -- raw.stream: pins a frame up for all who watch. */

#include "../exchange/board.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

/* publish(name, text) -> true, or nil, message, code */
static int l_publish(lua_State *L) {
    struct context *context = context_of(L);
    struct err err = {0};
    size_t len;
    const char *name = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &len);
    if (!context->running)
        return luaL_error(L, "streams are published to by what runs, not while scripts load");
    if (board_publish(context->services->board, name, text, len, &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

/* Whether it can be a stream's name. */
static int l_fits(lua_State *L) {
    lua_pushboolean(L, board_name_ok(luaL_checkstring(L, 1)));
    return 1;
}

static const luaL_Reg functions[] = {{"publish", l_publish}, {"fits", l_fits}, {NULL, NULL}};

int bindings_stream(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
