/* cache_lua.c -- raw.cache: the process's one cache. Times are seconds on this side. */

#include "../base/clock.h"
#include "../services/cache.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

static int l_get(lua_State *L) {
    struct context *context = context_of(L);
    struct cache_found found = {0};
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    buf_clear(&context->scratch);
    enum cache_result result =
        cache_get(context->services->cache, key, len, clock_ns(), &context->scratch, &found);
    if (context->scratch.failed) return luaL_error(L, "out of memory");
    if (result == CACHE_MISS) {
        lua_pushliteral(L, "miss");
        lua_pushinteger(L, (lua_Integer)found.ticket);
        return 2;
    }
    lua_pushstring(L, result == CACHE_HIT ? "hit" : "stale");
    lua_pushlstring(L, context->scratch.len ? context->scratch.data : "", context->scratch.len);
    lua_pushnumber(L, (lua_Number)found.age_ms / 1000);
    return 3;
}

static int64_t seconds_field(lua_State *L, int table, const char *name) {
    lua_getfield(L, table, name);
    lua_Number seconds = luaL_optnumber(L, -1, 0);
    lua_pop(L, 1);
    if (!(seconds >= 0 && seconds <= 86400 * 366)) luaL_error(L, "%s: seconds, up to a year", name);
    return (int64_t)(seconds * 1000);
}

/* The tag texts stay valid while the rule's table stays on the stack. */
static size_t tags_field(lua_State *L, int table, const char *tags[CACHE_MAX_TAGS]) {
    size_t count = 0;
    if (lua_getfield(L, table, "tags") == LUA_TTABLE) {
        count = (size_t)luaL_len(L, -1);
        if (count > CACHE_MAX_TAGS) luaL_error(L, "an entry carries at most %d tags", CACHE_MAX_TAGS);
        for (size_t i = 0; i < count; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING) luaL_error(L, "a tag is text");
            tags[i] = lua_tostring(L, -1);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return count;
}

static int l_put(lua_State *L) {
    size_t key_len, value_len;
    const char *tags[CACHE_MAX_TAGS];
    struct err err = {0};
    const char *key = luaL_checklstring(L, 1, &key_len), *value = luaL_checklstring(L, 2, &value_len);
    luaL_checktype(L, 3, LUA_TTABLE);
    uint64_t ticket = (uint64_t)luaL_checkinteger(L, 4);
    struct cache_rule rule = {.ttl_ms = seconds_field(L, 3, "ttl"),
                              .fresh_ms = seconds_field(L, 3, "fresh"),
                              .stale_ms = seconds_field(L, 3, "stale"),
                              .tags = tags,
                              .tag_count = tags_field(L, 3, tags)};
    if (cache_put(context_of(L)->services->cache, key, key_len, value, value_len, &rule, ticket, clock_ns(),
                  &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int l_abandon(lua_State *L) {
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    cache_abandon(context_of(L)->services->cache, key, len);
    return 0;
}

static int l_drop(lua_State *L) {
    cache_drop(context_of(L)->services->cache, luaL_checkstring(L, 1));
    return 0;
}

static const luaL_Reg functions[] = {
    {"get", l_get}, {"put", l_put}, {"abandon", l_abandon}, {"drop", l_drop}, {NULL, NULL}};

int bindings_cache(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
