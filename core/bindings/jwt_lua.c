/* jwt_lua.c -- raw.jwt: a token for a subject, and the subject of a token. */

#include "../base/clock.h"
#include "../exchange/counts.h"
#include "../services/token.h"
#include "../services/token_memory.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

static int l_sign(lua_State *L) {
    struct context *context = context_of(L);
    lua_Integer subject = luaL_checkinteger(L, 1);
    struct err err = {0};
    buf_clear(&context->scratch);
    if (tokens_sign(context->services->tokens, subject, clock_wall_ms() / 1000, &context->scratch, &err) !=
        ERR_OK)
        return task_push_failure(L, &err);
    lua_pushlstring(L, context->scratch.data, context->scratch.len);
    lua_pushinteger(L, tokens_lifetime(context->services->tokens));
    return 2;
}

/* One that we signed is remembered, also where its time is over or has not come. */
static void count(const struct services *services, enum err_code code, const char *token, size_t len) {
    struct claims claims;
    enum counts_token what = COUNTS_GOOD;
    if (code == ERR_DENIED)
        what =
            token_memory_find(services->token_memory, token, len, &claims) ? COUNTS_EXPIRED : COUNTS_FOREIGN;
    else if (code != ERR_OK)
        what = COUNTS_FAILED;
    counts_token(services->counts, what);
}

static int l_verify(lua_State *L) {
    size_t len;
    const char *token = luaL_checklstring(L, 1, &len);
    struct claims claims;
    struct err err = {0};
    const struct services *services = context_of(L)->services;
    enum err_code code = tokens_verify(services->tokens, services->token_memory, token, len,
                                       clock_wall_ms() / 1000, &claims, &err);
    if (context_of(L)->running) count(services, code, token, len);
    if (code != ERR_OK) return task_push_failure(L, &err);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, claims.subject);
    lua_setfield(L, -2, "sub");
    lua_pushinteger(L, claims.issued_at);
    lua_setfield(L, -2, "iat");
    lua_pushinteger(L, claims.expires_at);
    lua_setfield(L, -2, "exp");
    return 1;
}

static const luaL_Reg functions[] = {{"sign", l_sign}, {"verify", l_verify}, {NULL, NULL}};

int bindings_jwt(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
