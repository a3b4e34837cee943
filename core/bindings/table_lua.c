/* table_lua.c -- concat, insert, move, remove and sort, none of which goes through more elements than
 * caps.h's reasons allow.
 *
 * A table's length is no measure of its memory: __len says what it likes, and so does # of a table with
 * holes. */

#include "bindings.h"
#include "caps.h"
#include <lauxlib.h>
#include <stdbool.h>

#define ELEMENTS        1000000 /* moved, or joined: 25 ms */
#define SORTED          40000   /* compared by <: 50 ms */
#define SORTED_TEXT     ((size_t)4 << 20)
#define SORTED_BY       200000 /* compared by a function, which can be ended */
#define ELEMENTS_A_LOOK 1024

static int too_many(lua_State *L, const char *function, int most) {
    return luaL_error(L, "table.%s: more than %d elements", function, most);
}

/* ---- concat ---- */

/* Adds element i, or raises. */
static void add_element(lua_State *L, luaL_Buffer *out, lua_Integer i) {
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1), i);
    luaL_addvalue(out);
    caps_text(L, "table.concat", luaL_bufflen(out), 0);
}

static int l_concat(lua_State *L) {
    size_t between_len;
    luaL_Buffer out;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *between = luaL_optlstring(L, 2, "", &between_len);
    lua_Integer i = luaL_optinteger(L, 3, 1), last = luaL_opt(L, luaL_checkinteger, 4, luaL_len(L, 1));
    if (i <= last && (lua_Unsigned)last - (lua_Unsigned)i >= ELEMENTS) return too_many(L, "concat", ELEMENTS);
    luaL_buffinit(L, &out);
    for (; i <= last; i++) {
        add_element(L, &out, i);
        if (i == last) break; /* it may be the last integer there is */
        luaL_addlstring(&out, between, between_len);
        if (i % ELEMENTS_A_LOOK == 0 && caps_stopped(L)) return luaL_error(L, "table.concat was stopped");
    }
    luaL_pushresult(&out);
    return 1;
}

/* ---- insert and remove ---- */

/* Refuses what would move too many elements from place `at` on. Wrong types are left to the stock function.
 */
static void check_places(lua_State *L, const char *function) {
    int is_number;
    lua_Integer at = lua_tointegerx(L, 2, &is_number);
    if (!lua_istable(L, 1)) return;
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
        luaL_error(L, "table.%s: the table has a __len of its own", function);
    lua_Integer len = (lua_Integer)lua_rawlen(L, 1);
    if (is_number && at > 0 && at < len && len - at > ELEMENTS) too_many(L, function, ELEMENTS);
}

static int l_insert(lua_State *L) {
    if (lua_gettop(L) == 2 && lua_istable(L, 1)) { /* at the end, as it mostly is */
        lua_seti(L, 1, luaL_intop(+, luaL_len(L, 1), 1));
        return 0;
    }
    check_places(L, "insert");
    return caps_stock(L);
}

static int l_remove(lua_State *L) {
    if (lua_gettop(L) > 1) check_places(L, "remove");
    return caps_stock(L);
}

/* ---- move ---- */

static int l_move(lua_State *L) {
    lua_Integer from = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    if (from <= last && (lua_Unsigned)last - (lua_Unsigned)from >= ELEMENTS)
        return too_many(L, "move", ELEMENTS);
    return caps_stock(L);
}

/* ---- sort ---- */

/* Texts are compared byte by byte as long as they are the same. */
static void check_texts(lua_State *L, lua_Integer count) {
    size_t total = 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_geti(L, 1, i) == LUA_TSTRING) total += lua_rawlen(L, -1);
        lua_pop(L, 1);
        if (total > SORTED_TEXT) luaL_error(L, "table.sort: more than 4 MiB of text to compare");
    }
}

static int l_sort(lua_State *L) {
    bool by = !lua_isnoneornil(L, 2);
    lua_Unsigned most = by ? SORTED_BY : SORTED;
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
        return luaL_error(L, "table.sort: the table has a __len of its own");
    if (lua_rawlen(L, 1) > most) return too_many(L, "sort", (int)most);
    if (!by) check_texts(L, (lua_Integer)lua_rawlen(L, 1));
    return caps_stock(L);
}

void bindings_table(lua_State *L) {
    static const luaL_Reg own[] = {{"concat", l_concat}, {NULL, NULL}};
    luaL_setfuncs(L, own, 0);
    caps_guard(L, "insert", l_insert);
    caps_guard(L, "move", l_move);
    caps_guard(L, "remove", l_remove);
    caps_guard(L, "sort", l_sort);
}
