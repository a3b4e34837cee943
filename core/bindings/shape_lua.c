/* shape_lua.c -- raw.json.shape and raw.json.write: an answer's JSON from what a handler returned, held to
 * what was declared: only declared members are written, and what does not fit is told with its place.
 *
 * A declaration (a field of plateia.field) is read once and becomes a row of nodes: an object's members and a
 * list's item stand behind it. Writing walks that row and the value together, so the value is neither copied
 * nor changed. A member is read as scripts read it, metamethods included; these may encode JSON themselves,
 * which is why what is written here has a place of its own in the context. */

#include "../base/text.h"
#include "bindings.h"
#include "caps.h"
#include "context.h"
#include "rows_lua.h"
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define SHAPE     "plateia.shape"
#define MAX_DEPTH 32
#define KEPT      ((size_t)1 << 20) /* of the memory for what is written */

enum kind { INTEGER, NUMBER, STRING, BOOLEAN, CHOICE, ANY, OBJECT, LIST, NOTHING };
static const char *const kinds[] = {"integer", "number", "string", "boolean", "choice",
                                    "any",     "object", "list",   "nothing", NULL};

struct node {
    enum kind kind;
    bool optional;
    unsigned next; /* the node behind this one and all that belongs to it */
    unsigned key,
        key_len; /* of a member, among the keys: its `"name":`, behind a comma where it is not the first */
};

/* In a userdata. Its value is a table: of a member's node the name, and at
 * minus a choice's the set of its words. */
struct shape {
    unsigned count;
    struct node nodes[]; /* the keys' bytes stand behind them */
};

/* ---- reading a declaration ---- */

struct reading {
    lua_State *L;
    struct buf *nodes, *keys;
    int names; /* the table */
};

static void read_field(struct reading *reading, int depth);

static struct node *node_at(const struct reading *reading, unsigned at) {
    return (struct node *)(void *)reading->nodes->data + at;
}

static unsigned node_count(const struct reading *reading) {
    return (unsigned)(reading->nodes->len / sizeof(struct node));
}

/* The member { name, field } lies on the top. */
static void read_member(struct reading *reading, bool first, int depth) {
    lua_State *L = reading->L;
    size_t len, from = reading->keys->len, to;
    unsigned at = node_count(reading);
    lua_getfield(L, -1, "name");
    const char *name = luaL_checklstring(L, -1, &len);
    if (!first) buf_add_char(reading->keys, ',');
    buf_add_json(reading->keys, name, len);
    buf_add_char(reading->keys, ':');
    to = reading->keys->len;
    lua_rawseti(L, reading->names, (lua_Integer)at + 1);
    lua_getfield(L, -1, "field");
    read_field(reading, depth);
    lua_pop(L, 1);
    node_at(reading, at)->key = (unsigned)from;
    node_at(reading, at)->key_len = (unsigned)(to - from);
}

static void read_members(struct reading *reading, int depth) {
    lua_State *L = reading->L;
    lua_getfield(L, -1, "members");
    luaL_checktype(L, -1, LUA_TTABLE);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++) {
        read_member(reading, i == 1, depth);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

static void read_choices(struct reading *reading, unsigned at) {
    lua_State *L = reading->L;
    lua_newtable(L);
    lua_getfield(L, -2, "choices");
    luaL_checktype(L, -1, LUA_TTABLE);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        lua_pushboolean(L, 1);
        lua_rawset(L, -4);
    }
    lua_pop(L, 2);
    lua_rawseti(L, reading->names, -(lua_Integer)at - 1);
}

/* The field lies on the top. */
static void read_field(struct reading *reading, int depth) {
    lua_State *L = reading->L;
    unsigned at = node_count(reading);
    struct node node = {0};
    if (depth > MAX_DEPTH) luaL_error(L, "an answer is nested deeper than %d", MAX_DEPTH);
    luaL_checkstack(L, 8, "an answer's form");
    lua_getfield(L, -1, "kind");
    node.kind = (enum kind)luaL_checkoption(L, -1, NULL, kinds);
    lua_getfield(L, -2, "optional");
    node.optional = lua_toboolean(L, -1);
    lua_pop(L, 2);
    buf_add(reading->nodes, &node, sizeof node);
    if (reading->nodes->failed) luaL_error(L, "out of memory");
    if (node.kind == OBJECT) read_members(reading, depth + 1);
    if (node.kind == CHOICE) read_choices(reading, at);
    if (node.kind == LIST) {
        lua_getfield(L, -1, "of");
        read_field(reading, depth + 1);
        lua_pop(L, 1);
    }
    node_at(reading, at)->next = node_count(reading);
}

/* json.shape(field) */
static int l_shape(lua_State *L) {
    struct context *context = context_of(L);
    struct reading reading = {L, &context->scratch, &context->written, 2};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newtable(L);
    buf_clear(reading.nodes);
    buf_clear(reading.keys);
    lua_pushvalue(L, 1);
    read_field(&reading, 1);
    if (reading.nodes->failed || reading.keys->failed) return luaL_error(L, "out of memory");
    struct shape *shape = lua_newuserdatauv(L, sizeof *shape + reading.nodes->len + reading.keys->len, 1);
    shape->count = node_count(&reading);
    memcpy(shape->nodes, reading.nodes->data, reading.nodes->len);
    if (reading.keys->len > 0) memcpy(&shape->nodes[shape->count], reading.keys->data, reading.keys->len);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, SHAPE);
    return 1;
}

/* ---- writing a value ---- */

struct writing {
    lua_State *L;
    struct buf *out;
    const struct shape *shape;
    int names;
    char why[512]; /* what does not fit; begins with its place */
};

static bool write_value(struct writing *writing, const struct node *node);

static bool refuse(struct writing *writing, const char *why) {
    snprintf(writing->why, sizeof writing->why, "%s", why);
    return false;
}

static bool not_a(struct writing *writing, const char *wanted) {
    snprintf(writing->why, sizeof writing->why, " is a %s, not %s", luaL_typename(writing->L, -1), wanted);
    return false;
}

/* What is wrong is so in this part of what is written. */
static bool within(struct writing *writing, const char *before, const char *name, const char *behind) {
    char inner[sizeof writing->why];
    memcpy(inner, writing->why, sizeof inner);
    snprintf(writing->why, sizeof writing->why, "%s%.60s%s%.440s", before, name, behind, inner);
    return false;
}

/* Many tables in one another can mean more bytes than there are. */
static void check_size(const struct writing *writing) {
    if (caps_stopped(writing->L)) luaL_error(writing->L, "stopped");
    caps_text(writing->L, "an answer", writing->out->len, 0);
}

static bool write_integer(struct writing *writing) {
    lua_State *L = writing->L;
    int whole = 0;
    lua_Integer integer = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;
    if (!whole) return not_a(writing, "an integer");
    buf_add_int(writing->out, integer);
    return true;
}

static bool write_string(struct writing *writing) {
    lua_State *L = writing->L;
    size_t len;
    if (lua_type(L, -1) != LUA_TSTRING) return not_a(writing, "a string");
    const char *text = lua_tolstring(L, -1, &len);
    caps_text(L, "an answer", writing->out->len, len);
    if (!text_is_utf8(text, len)) luaL_error(L, "text in JSON is UTF-8, this is not");
    buf_add_json(writing->out, text, len);
    return true;
}

/* Numbers that are no integers, and words, which may be any value, are for the common encoder. */
static bool write_as_it_is(struct writing *writing) {
    bindings_encode(writing->L, -1, writing->out);
    return true;
}

static bool write_choice(struct writing *writing, const struct node *node) {
    lua_State *L = writing->L;
    lua_rawgeti(L, writing->names, -(lua_Integer)(node - writing->shape->nodes) - 1);
    lua_pushvalue(L, -2);
    bool known = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return known ? write_as_it_is(writing) : refuse(writing, " is none of its choices");
}

/* The member's name lies on the top, the object below it; both stay. */
static bool write_member(struct writing *writing, const struct node *node) {
    lua_State *L = writing->L;
    const char *keys = (const char *)&writing->shape->nodes[writing->shape->count];
    bool fine = true;
    buf_add(writing->out, keys + node->key, node->key_len);
    lua_pushvalue(L, -1);
    int type = lua_gettable(L, -3);
    if (type != LUA_TNIL && (type != LUA_TLIGHTUSERDATA || lua_touserdata(L, -1)))
        fine = write_value(writing, node);
    else if (node->optional)
        buf_add(writing->out, "null", 4);
    else
        fine = refuse(writing, " is missing");
    lua_pop(L, 1);
    return fine;
}

static bool write_object(struct writing *writing, const struct node *node) {
    lua_State *L = writing->L;
    const struct node *nodes = writing->shape->nodes, *end = nodes + node->next;
    if (lua_type(L, -1) != LUA_TTABLE) return not_a(writing, "a table");
    check_size(writing);
    luaL_checkstack(L, 8, "an answer");
    buf_add_char(writing->out, '{');
    for (const struct node *member = node + 1; member < end; member = nodes + member->next) {
        lua_rawgeti(L, writing->names, member - nodes + 1);
        bool fine = write_member(writing, member);
        if (!fine) within(writing, ".", lua_tostring(L, -1), "");
        lua_pop(L, 1);
        if (!fine) return false;
    }
    buf_add_char(writing->out, '}');
    return true;
}

/* Something is wrong in the list's item i, counted from 1. */
static bool within_item(struct writing *writing, lua_Integer i) {
    char number[24];
    snprintf(number, sizeof number, LUA_INTEGER_FMT, i);
    return within(writing, "[", number, "]");
}

/* A field of kept rows, most of which needs no Lua value on its way. */
static bool write_field(struct writing *writing, const struct node *node, const struct kept_rows *rows,
                        size_t row, int column) {
    lua_State *L = writing->L;
    size_t len = 0;
    const char *text = column < 0 ? NULL : rows_kept_value(rows, row, column, &len);
    if (!text && !node->optional) return refuse(writing, " is missing");
    if (!text) {
        buf_add(writing->out, "null", 4);
        return true;
    }
    enum value_type type = rows_kept_type(rows, column);
    bool whole = type == TYPE_BIGINT || type == TYPE_INT;
    if (node->kind == INTEGER && whole) {
        buf_add(writing->out, text, len);
    } else if (node->kind == STRING && !whole && type != TYPE_DOUBLE && type != TYPE_BOOLEAN) {
        buf_add_json(writing->out, text, len);
    } else {
        rows_push_kept_value(L, rows, row, column);
        bool fine = write_value(writing, node);
        lua_pop(L, 1);
        return fine;
    }
    return true;
}

#define MEMBERS 64 /* of an object that is written of rows without tables */

/* Which column is whose; how many members there are, or -1 where they are too many. */
static int find_columns(const struct writing *writing, const struct node *object,
                        const struct kept_rows *rows, int columns[MEMBERS]) {
    const struct node *nodes = writing->shape->nodes, *end = nodes + object->next;
    int count = 0;
    for (const struct node *member = object + 1; member < end; member = nodes + member->next) {
        if (count == MEMBERS) return -1;
        lua_rawgeti(writing->L, writing->names, member - nodes + 1);
        columns[count++] = rows_kept_column(rows, lua_tostring(writing->L, -1));
        lua_pop(writing->L, 1);
    }
    return count;
}

static bool write_row(struct writing *writing, const struct node *object, const struct kept_rows *rows,
                      size_t row, const int *column) {
    const struct node *nodes = writing->shape->nodes, *end = nodes + object->next;
    const char *keys = (const char *)&nodes[writing->shape->count];
    buf_add_char(writing->out, '{');
    for (const struct node *member = object + 1; member < end; member = nodes + member->next) {
        buf_add(writing->out, keys + member->key, member->key_len);
        if (write_field(writing, member, rows, row, *column++)) continue;
        lua_rawgeti(writing->L, writing->names, member - nodes + 1);
        within(writing, ".", lua_tostring(writing->L, -1), "");
        lua_pop(writing->L, 1);
        return false;
    }
    buf_add_char(writing->out, '}');
    return true;
}

/* By way of a table. */
static bool write_row_slowly(struct writing *writing, const struct node *node, const struct kept_rows *rows,
                             size_t row) {
    rows_push_kept_row(writing->L, rows, row);
    bool fine = write_value(writing, node);
    lua_pop(writing->L, 1);
    return fine;
}

/* Rows that are kept as they came (rows_lua.h), as a list of what `node` declares. They lie on the top. */
static bool write_rows(struct writing *writing, const struct node *node, const struct kept_rows *rows) {
    int columns[MEMBERS];
    luaL_checkstack(writing->L, 8, "an answer");
    bool quick = node->kind == OBJECT && find_columns(writing, node, rows, columns) >= 0;
    buf_add_char(writing->out, '[');
    for (size_t i = 0; i < rows_kept_count(rows); i++) {
        if (i > 0) buf_add_char(writing->out, ',');
        check_size(writing);
        bool fine =
            quick ? write_row(writing, node, rows, i, columns) : write_row_slowly(writing, node, rows, i);
        if (!fine) return within_item(writing, (lua_Integer)i + 1);
    }
    buf_add_char(writing->out, ']');
    return true;
}

static bool write_list(struct writing *writing, const struct node *node) {
    lua_State *L = writing->L;
    const struct kept_rows *rows = lua_type(L, -1) == LUA_TUSERDATA ? rows_kept_test(L, -1) : NULL;
    if (rows) return write_rows(writing, node + 1, rows);
    if (lua_type(L, -1) != LUA_TTABLE) return not_a(writing, "a list");
    lua_Integer count = luaL_len(L, -1);
    luaL_checkstack(L, 8, "an answer");
    buf_add_char(writing->out, '[');
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) buf_add_char(writing->out, ',');
        if (i % 1024 == 1) check_size(writing);
        lua_geti(L, -1, i);
        bool fine = write_value(writing, node + 1);
        lua_pop(L, 1);
        if (!fine) return within_item(writing, i);
    }
    buf_add_char(writing->out, ']');
    return true;
}

/* The value lies on the top, and stays there. */
static bool write_value(struct writing *writing, const struct node *node) {
    lua_State *L = writing->L;
    switch (node->kind) {
    case INTEGER: return write_integer(writing);
    case NUMBER: return lua_type(L, -1) == LUA_TNUMBER ? write_as_it_is(writing) : not_a(writing, "a number");
    case STRING: return write_string(writing);
    case BOOLEAN: return lua_isboolean(L, -1) ? write_as_it_is(writing) : not_a(writing, "a boolean");
    case CHOICE: return write_choice(writing, node);
    case ANY: return write_as_it_is(writing);
    case OBJECT: return write_object(writing, node);
    case LIST: return write_list(writing, node);
    case NOTHING: break;
    }
    return not_a(writing, "nil");
}

/* json.write(shape, value) -> text, or nil and why not: "[2].title is missing". A shape of nothing gives nil
 * for nil. */
static int l_write(lua_State *L) {
    const struct shape *shape = luaL_checkudata(L, 1, SHAPE);
    struct writing writing = {.L = L, .out = &context_of(L)->written, .shape = shape, .names = 2};
    lua_settop(L, 2);
    if (shape->nodes->kind == NOTHING && lua_isnil(L, 2)) return 0;
    lua_getiuservalue(L, 1, 1);
    lua_insert(L, 2);
    buf_clear(writing.out);
    if (write_value(&writing, shape->nodes)) {
        check_size(&writing);
        if (writing.out->failed) return luaL_error(L, "out of memory");
        lua_pushlstring(L, writing.out->data, writing.out->len);
    } else {
        lua_pushnil(L);
        lua_pushstring(L, writing.why);
    }
    if (writing.out->cap > KEPT) buf_done(writing.out);
    return writing.why[0] ? 2 : 1;
}

void bindings_shape(lua_State *L) {
    static const luaL_Reg functions[] = {{"shape", l_shape}, {"write", l_write}, {NULL, NULL}};
    luaL_newmetatable(L, SHAPE);
    lua_pushliteral(L, "shape");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
