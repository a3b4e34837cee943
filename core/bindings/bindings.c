/* bindings.c -- the one list of what Lua can call in C. */

#include "bindings.h"
#include <lauxlib.h>

static const luaL_Reg tables[] = {{"db", bindings_db},
                                  {"json", bindings_json},
                                  {"form", bindings_form},
                                  {"password", bindings_password},
                                  {"jwt", bindings_jwt},
                                  {"crypto", bindings_crypto},
                                  {"cache", bindings_cache},
                                  {"cache_due", bindings_cache_due},
                                  {"throttle", bindings_throttle},
                                  {"log", bindings_log},
                                  {"flush", bindings_flush},
                                  {"clock", bindings_clock},
                                  {"bus", bindings_bus},
                                  {"stream", bindings_stream},
                                  {"background", bindings_background},
                                  {"metrics", bindings_metrics},
                                  {NULL, NULL}};

int bindings_open(lua_State *L) {
    bindings_request(L);
    lua_newtable(L);
    for (const luaL_Reg *table = tables; table->name; table++) {
        table->func(L);
        lua_setfield(L, -2, table->name);
    }
    bindings_files(L, lua_gettop(L));
    return 1;
}
