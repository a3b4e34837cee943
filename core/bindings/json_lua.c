/* json_lua.c -- raw.json: decoding by lua-cjson behind our own gate, encoding by ourselves.
 *
 * lua-cjson cannot write [] or 64-bit integers, and reads every number as a float; so the encoder is ours,
 * and what it decodes is walked once to turn integral floats back into integers. The encoder writes into the
 * context's scratch, which outlives any raise, and calls no metamethod, so it cannot be entered twice. */

#include "../base/text.h"
#include "bindings.h"
#include "caps.h"
#include "context.h"
#include "rows_lua.h"
#include <lauxlib.h>
#include <lua-cjson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY       "plateia.array"
#define MAX_DEPTH   32
#define EXACT_FLOAT 9007199254740992.0 /* 2^53: up to here a float is the integer that was written */

/* ---- decoding ---- */

static bool mend_number(lua_State *L) {
    lua_Number real = lua_tonumber(L, -1);
    if (!isfinite(real)) return false;
    if (fabs(real) > EXACT_FLOAT || floor(real) != real) return true;
    lua_pushinteger(L, (lua_Integer)real);
    lua_replace(L, -2);
    return true;
}

/* Mends every number below the table on the top; assigning to existing keys is allowed during a walk. */
static bool mend_table(lua_State *L) {
    luaL_checkstack(L, 4, "JSON");
    if (caps_stopped(L)) luaL_error(L, "stopped");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -1) == LUA_TTABLE && !mend_table(L)) return false;
        if (lua_type(L, -1) == LUA_TNUMBER) {
            if (!mend_number(L)) return false;
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        } else {
            lua_pop(L, 1);
        }
    }
    return true;
}

static int push_invalid(lua_State *L, const char *why) {
    struct err err = {0};
    err_set(&err, ERR_INVALID, "%s", why);
    return task_push_failure(L, &err);
}

/* The decoder's message on the top, with what a reader sees in place of the names that it has for it. */
static const char *in_plain_words(lua_State *L) {
    static const struct {
        const char *name, *words;
    } plain[] = {
        {"Expected ", "expected "},
        {" but found ", ", found "},
        {"object key string", "a member's name"},
        {"T_OBJ_BEGIN", "{"},
        {"T_OBJ_END", "}"},
        {"T_ARR_BEGIN", "["},
        {"T_ARR_END", "]"},
        {"T_STRING", "a string"},
        {"T_NUMBER", "a number"},
        {"T_BOOLEAN", "a boolean"},
        {"T_NULL", "null"},
        {"T_COLON", "a colon"},
        {"T_COMMA", "a comma"},
        {"T_END", "the end"},
        {"comma or object end", "a comma or }"},
        {"comma or array end", "a comma or ]"},
        {"expected value", "expected a value"},
        {"expected colon", "expected a colon"},
    };
    const char *text = lua_tostring(L, -1);
    for (size_t i = 0; text && i < sizeof plain / sizeof *plain; i++) {
        text = luaL_gsub(L, text, plain[i].name, plain[i].words);
        lua_remove(L, -2);
    }
    return text;
}

static int l_decode(lua_State *L) {
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (len > CAP_TEXT) return push_invalid(L, "the text is larger than 8 MiB");
    const char *problem = text_json_problem(text, len, MAX_DEPTH);
    if (problem) return push_invalid(L, problem);
    lua_rawgeti(L, LUA_REGISTRYINDEX, context_of(L)->decode);
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) return push_invalid(L, in_plain_words(L));
    bool fine = true;
    if (lua_type(L, -1) == LUA_TTABLE) fine = mend_table(L);
    if (lua_type(L, -1) == LUA_TNUMBER) fine = mend_number(L);
    return fine ? 1 : push_invalid(L, "a number is out of range");
}

/* ---- encoding ---- */

/* A few tables that hold one another can mean more bytes than there are, or, where nothing is written for
 * them, more steps. */
static void check_size(lua_State *L, const struct buf *out, size_t more) {
    if (out->len > CAP_TEXT || more > CAP_TEXT) luaL_error(L, "JSON of more than 8 MiB");
    if (caps_stopped(L)) luaL_error(L, "stopped");
}

static void encode_value(lua_State *L, struct buf *out, int depth);

static void encode_real(lua_State *L, struct buf *out, lua_Number real) {
    char text[32];
    if (!isfinite(real)) luaL_error(L, "JSON has no word for infinity or not-a-number");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real) break;
    }
    buf_add_str(out, text);
}

/* In a metatable: the names of an object's members, in the order in which they are written. */
static const char order_key;

static bool has_metatable(lua_State *L, const char *name) {
    if (!lua_getmetatable(L, -1)) return false;
    luaL_getmetatable(L, name);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static bool is_array(lua_State *L) {
    if (has_metatable(L, ARRAY)) return true;
    bool first = lua_rawgeti(L, -1, 1) != LUA_TNIL;
    lua_pop(L, 1);
    return first;
}

/* Pushes the names when the table on the top has them. */
static bool push_order(lua_State *L) {
    if (!lua_getmetatable(L, -1)) return false;
    int type = lua_rawgetp(L, -1, &order_key);
    lua_remove(L, -2);
    if (type == LUA_TTABLE) return true;
    lua_pop(L, 1);
    return false;
}

static void encode_array(lua_State *L, struct buf *out, int depth) {
    lua_Unsigned count = lua_rawlen(L, -1);
    buf_add_char(out, '[');
    for (lua_Unsigned i = 1; i <= count; i++) {
        if (i > 1) buf_add_char(out, ',');
        lua_rawgeti(L, -1, (lua_Integer)i);
        encode_value(L, out, depth);
        lua_pop(L, 1);
    }
    buf_add_char(out, ']');
}

/* The key below the value on the top, which is popped. */
static void encode_member(lua_State *L, struct buf *out, bool first, int depth) {
    size_t len;
    const char *key = lua_tolstring(L, -2, &len);
    if (!first) buf_add_char(out, ',');
    buf_add_json(out, key, len);
    buf_add_char(out, ':');
    encode_value(L, out, depth);
    lua_pop(L, 1);
}

/* The names lie on the top, the object below them. */
static void encode_in_order(lua_State *L, struct buf *out, int depth) {
    bool first = true;
    buf_add_char(out, '{');
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -4) == LUA_TNIL) {
            if (i % 1024 == 0) check_size(L, out, 0);
            lua_pop(L, 2);
            continue;
        }
        encode_member(L, out, first, depth);
        lua_pop(L, 1);
        first = false;
    }
    lua_pop(L, 2);
    buf_add_char(out, '}');
}

static void encode_object(lua_State *L, struct buf *out, int depth) {
    bool first = true;
    if (push_order(L)) {
        encode_in_order(L, out, depth);
        return;
    }
    buf_add_char(out, '{');
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "an object's keys are text, not %s", luaL_typename(L, -2));
        encode_member(L, out, first, depth);
        first = false;
    }
    buf_add_char(out, '}');
}

static void encode_text(lua_State *L, struct buf *out) {
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    check_size(L, out, len);
    if (!text_is_utf8(text, len)) luaL_error(L, "text in JSON is UTF-8, this is not");
    buf_add_json(out, text, len);
}

/* Rows that are kept as they came (rows_lua.h): an array of objects. */
static void encode_rows(lua_State *L, struct buf *out, int depth) {
    const struct kept_rows *rows = rows_kept_test(L, -1);
    if (!rows) luaL_error(L, "a %s is no JSON value", luaL_typename(L, -1));
    buf_add_char(out, '[');
    for (size_t i = 0; i < rows_kept_count(rows); i++) {
        if (i > 0) buf_add_char(out, ',');
        rows_push_kept_row(L, rows, i);
        encode_value(L, out, depth + 1);
        lua_pop(L, 1);
    }
    buf_add_char(out, ']');
}

static void encode_value(lua_State *L, struct buf *out, int depth) {
    switch (lua_type(L, -1)) {
    case LUA_TNIL: buf_add_str(out, "null"); break;
    case LUA_TBOOLEAN: buf_add_str(out, lua_toboolean(L, -1) ? "true" : "false"); break;
    case LUA_TSTRING: encode_text(L, out); break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            buf_add_int(out, lua_tointeger(L, -1));
        else
            encode_real(L, out, lua_tonumber(L, -1));
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1)) luaL_error(L, "a pointer is no JSON value");
        buf_add_str(out, "null");
        break;
    case LUA_TTABLE:
        check_size(L, out, 0);
        if (depth >= MAX_DEPTH) luaL_error(L, "JSON nested deeper than %d", MAX_DEPTH);
        luaL_checkstack(L, 6, "JSON");
        if (is_array(L))
            encode_array(L, out, depth + 1);
        else
            encode_object(L, out, depth + 1);
        break;
    case LUA_TUSERDATA: encode_rows(L, out, depth); break;
    default: luaL_error(L, "a %s is no JSON value", luaL_typename(L, -1));
    }
}

void bindings_encode(lua_State *L, int index, struct buf *out) {
    lua_pushvalue(L, index);
    encode_value(L, out, 0);
    lua_pop(L, 1);
    check_size(L, out, 0);
    if (out->failed) luaL_error(L, "out of memory");
}

static int l_encode(lua_State *L) {
    luaL_checkany(L, 1);
    struct buf *out = &context_of(L)->scratch;
    buf_clear(out);
    bindings_encode(L, 1, out);
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

/* What protects its metatable (a frozen library) keeps it. */
static int l_array(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (has_metatable(L, ARRAY)) return 1;
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    luaL_setmetatable(L, ARRAY);
    return 1;
}

/* A metatable for objects whose members are written in the order of these names, and no others. */
static int l_order(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, -2, &order_key);
    return 1;
}

static int l_is_array(lua_State *L) {
    lua_settop(L, 1);
    lua_pushboolean(L, lua_istable(L, 1) && is_array(L));
    return 1;
}

static const luaL_Reg functions[] = {{"encode", l_encode},     {"decode", l_decode}, {"array", l_array},
                                     {"is_array", l_is_array}, {"order", l_order},   {NULL, NULL}};

/* One decoder a state, configured once. */
static void open_decoder(lua_State *L) {
    static const struct {
        const char *name;
        int value;
    } options[] = {{"decode_max_depth", MAX_DEPTH}, {"decode_invalid_numbers", 0}, {"encode_keep_buffer", 0}};
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        lua_getfield(L, -1, options[i].name);
        if (options[i].value)
            lua_pushinteger(L, options[i].value);
        else
            lua_pushboolean(L, 0);
        lua_call(L, 1, 0);
    }
    lua_getfield(L, -1, "decode");
    context_of(L)->decode = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pop(L, 1);
}

int bindings_json(lua_State *L) {
    open_decoder(L);
    luaL_newmetatable(L, ARRAY);
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    bindings_shape(L);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
