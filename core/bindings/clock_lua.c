/* clock_lua.c -- raw.clock: the wall's time, a steady time, and RFC 3339 text. */

#include "../base/clock.h"
#include "bindings.h"
#include <lauxlib.h>

static int l_now(lua_State *L) {
    lua_pushnumber(L, (lua_Number)clock_wall_ms() / 1000);
    return 1;
}

static int l_monotonic(lua_State *L) {
    lua_pushnumber(L, (lua_Number)clock_ns() / CLOCK_NS_PER_S);
    return 1;
}

static int l_rfc3339(lua_State *L) {
    char text[CLOCK_RFC3339_SIZE];
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds < 253402300800.0, 1, "a time from 1970 to 9999");
    clock_rfc3339(text, (int64_t)(seconds * 1000));
    lua_pushstring(L, text);
    return 1;
}

static const luaL_Reg functions[] = {
    {"now", l_now}, {"monotonic", l_monotonic}, {"rfc3339", l_rfc3339}, {NULL, NULL}};

int bindings_clock(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
