/* text_lua.c -- string.rep, format, pack and os.date: the standard library's, once their arguments are seen
 * to ask for no more than caps.h allows. Wrong types are left to them. */

#include "bindings.h"
#include "caps.h"
#include <lauxlib.h>
#include <string.h>

static int l_rep(lua_State *L) {
    size_t len, between;
    luaL_checklstring(L, 1, &len);
    lua_Integer times = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &between);
    if (times <= 1) return caps_stock(L);
    if (len + between == 0) { /* it would make its rounds all the same */
        lua_settop(L, 1);
        return 1;
    }
    size_t most = (CAP_TEXT + between) / (len + between);
    if ((lua_Unsigned)times > most) return caps_text_raise(L, "string.rep");
    return caps_stock(L);
}

/* The bytes of all arguments that are text. */
static size_t text_of(lua_State *L, const char *function) {
    size_t total = 0;
    for (int i = 1, top = lua_gettop(L); i <= top; i++) {
        if (lua_type(L, i) != LUA_TSTRING) continue;
        size_t len = lua_rawlen(L, i);
        caps_text(L, function, total, len);
        total += len;
    }
    return total;
}

/* A value that makes its own text (__tostring) does so in Lua, where the hook is looked at. */
#define FORMAT_VALUES 1000              /* a number of 400 digits takes 10 µs */
#define QUOTED_TEXT   ((size_t)1 << 20) /* a control character takes 50 ns */

static int l_format(lua_State *L) {
    size_t len;
    const char *format = luaL_checklstring(L, 1, &len);
    size_t total = text_of(L, "string.format");
    if (lua_gettop(L) > FORMAT_VALUES + 1)
        return luaL_error(L, "string.format: more than %d values", FORMAT_VALUES);
    if (total > QUOTED_TEXT && memmem(format, len, "%q", 2))
        return luaL_error(L, "string.format: more than 1 MiB to quote");
    return caps_stock(L);
}

/* The sizes that a format names ("c100"), each as many bytes of the result at most. */
static int l_pack(lua_State *L) {
    const char *format = luaL_checkstring(L, 1);
    size_t total = text_of(L, "string.pack"), size = 0;
    for (; *format; format++) {
        size = *format >= '0' && *format <= '9' ? size * 10 + (size_t)(*format - '0') : 0;
        caps_text(L, "string.pack", total, size);
        if (size && (format[1] < '0' || format[1] > '9')) total += size;
    }
    return caps_stock(L);
}

#define DATE_FORMAT 1024

static int l_date(lua_State *L) {
    size_t len;
    luaL_optlstring(L, 1, "", &len);
    luaL_argcheck(L, len <= DATE_FORMAT, 1, "a format of at most 1024 bytes");
    return caps_stock(L);
}

void bindings_text(lua_State *L) {
    caps_guard(L, "rep", l_rep);
    caps_guard(L, "format", l_format);
    caps_guard(L, "pack", l_pack);
}

void bindings_os(lua_State *L) {
    caps_guard(L, "date", l_date);
}
