/* caps.c -- what the guards of the standard library share. */

#include "caps.h"
#include <lauxlib.h>

int caps_text_raise(lua_State *L, const char *function) {
    return luaL_error(L, "%s: the result would be larger than 8 MiB", function);
}

void caps_guard(lua_State *L, const char *name, lua_CFunction function) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

int caps_stock(lua_State *L) {
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}
