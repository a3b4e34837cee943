/* throttle_lua.c -- raw.throttle: the process's counters of tries. Times are seconds on this side. */

#include "../base/clock.h"
#include "../services/throttle.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

#define LONGEST_S (86400 * 366)

/* take(key, limit, window) -> allowed, remaining, seconds until the window ends */
static int l_take(lua_State *L) {
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    lua_Integer limit = luaL_checkinteger(L, 2);
    lua_Number window = luaL_checknumber(L, 3);
    luaL_argcheck(L, limit >= 0 && limit <= INT32_MAX, 2, "a limit is 0 or more");
    luaL_argcheck(L, window > 0 && window <= LONGEST_S, 3, "seconds, up to a year");
    struct throttle_state state = throttle_take(context_of(L)->services->throttle, key, len, (unsigned)limit,
                                                (int64_t)(window * CLOCK_NS_PER_S), clock_ns());
    lua_pushboolean(L, state.allowed);
    lua_pushinteger(L, state.remaining);
    lua_pushnumber(L, (lua_Number)state.reset_ns / CLOCK_NS_PER_S);
    return 3;
}

static int l_give_back(lua_State *L) {
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    throttle_give_back(context_of(L)->services->throttle, key, len, clock_ns());
    return 0;
}

static const luaL_Reg functions[] = {{"take", l_take}, {"give_back", l_give_back}, {NULL, NULL}};

int bindings_throttle(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
