#ifndef PLATEIA_TEST_STATE_H
#define PLATEIA_TEST_STATE_H

/* state.h -- for tests: a Lua state with a context and whatever services the test gives it. */

#include "../../../core/bindings/context.h"
#include <lauxlib.h>
#include <lualib.h>

static inline lua_State *state_new(struct context *context) {
    lua_State *L = luaL_newstate();
    *(struct context **)lua_getextraspace(L) = context;
    return L;
}

static inline void state_free(lua_State *L, struct context *context) {
    lua_close(L);
    buf_done(&context->scratch);
    buf_done(&context->written);
    arena_done(&context->arena);
}

#endif
