/* form_lua.c -- raw.form: the pairs of a query or of an HTML form (application/x-www-form-urlencoded). */

#include "../base/text.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <string.h>

static const char *next_of(const char *from, const char *end, char c) {
    const char *at = memchr(from, c, (size_t)(end - from));
    return at ? at : end;
}

/* Sets the pair of [at, end) in the table on the top; false when it cannot be decoded. */
static bool add_pair(lua_State *L, struct arena *arena, const char *at, const char *end) {
    const char *equals = next_of(at, end, '=');
    const char *value = equals < end ? equals + 1 : end;
    size_t name_len, value_len;
    const char *name_text = text_percent_decode(arena, at, (size_t)(equals - at), true, &name_len);
    const char *value_text = text_percent_decode(arena, value, (size_t)(end - value), true, &value_len);
    if (!name_text || !value_text) return false;
    lua_pushlstring(L, name_text, name_len);
    lua_pushlstring(L, value_text, value_len);
    lua_rawset(L, -3);
    return true;
}

static int l_form(lua_State *L) {
    struct arena *arena = &context_of(L)->arena;
    size_t len;
    const char *at = luaL_checklstring(L, 1, &len), *end = at + len;
    arena_reset(arena);
    lua_newtable(L);
    while (at < end) {
        const char *stop = next_of(at, end, '&');
        if (stop > at && !add_pair(L, arena, at, stop)) {
            struct err err = {0};
            err_set(&err, ERR_INVALID, "a broken percent escape, or text that is not UTF-8");
            return task_push_failure(L, &err);
        }
        at = stop + 1;
    }
    return 1;
}

int bindings_form(lua_State *L) {
    lua_pushcfunction(L, l_form);
    return 1;
}
