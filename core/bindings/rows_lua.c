/* rows_lua.c -- rows into Lua.
 *
 * Of a page that is only handed on, a table for each row and a string for each field would be most of what it
 * costs: so it can be kept as it came, in one block: columns, then cells, then bytes. */

#include "rows_lua.h"
#include "context.h"
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#define ROWS "plateia.rows"
#define NONE UINT32_MAX

struct column {
    enum value_type type;
    uint32_t name; /* where it begins in the block; ends with a NUL */
};

struct cell {
    uint32_t at, len; /* in the block, with a NUL behind it; len NONE: NULL */
};

struct kept_rows {
    size_t count, columns;
    const struct column *column;
    const struct cell *cell; /* row by row */
    const char *block;
};

/* ---- values ---- */

/* "2026-11-22 18:13:00.123+00" as RFC 3339 wants it: "2026-11-22T18:13:00.123Z". Returns the new length; what
 * is infinite, BC, or in another zone stays as it is. */
static size_t mend_time(char *text, size_t len) {
    if (len < 14 || text[10] != ' ' || memcmp(text + len - 3, "+00", 3) != 0) return len;
    text[10] = 'T';
    text[len - 3] = 'Z';
    text[len - 2] = '\0';
    return len - 2;
}

static void push_time(lua_State *L, const char *text, size_t len) {
    char time[64];
    if (len >= sizeof time) {
        lua_pushlstring(L, text, len);
        return;
    }
    memcpy(time, text, len);
    lua_pushlstring(L, time, mend_time(time, len));
}

static void push_value(lua_State *L, enum value_type type, const char *text, size_t len) {
    switch (type) {
    case TYPE_BIGINT:
    case TYPE_INT:
        if (lua_stringtonumber(L, text) == 0) lua_pushlstring(L, text, len);
        break;
    case TYPE_DOUBLE:
        if (lua_stringtonumber(L, text) == 0)
            lua_pushlstring(L, text, len);
        else
            lua_pushnumber(L, lua_tonumber(L, -1)), lua_remove(L, -2);
        break;
    case TYPE_BOOLEAN: lua_pushboolean(L, text[0] == 't'); break;
    case TYPE_TIMESTAMPTZ: push_time(L, text, len); break;
    default: lua_pushlstring(L, text, len);
    }
}

/* ---- a table for each row ---- */

/* Pushes the columns' names; returns how many. */
static int push_names(lua_State *L, const struct rows *rows) {
    int columns = (int)rows_columns(rows);
    luaL_checkstack(L, columns + 8, "too many columns");
    for (int c = 0; c < columns; c++)
        lua_pushstring(L, rows_name(rows, (size_t)c));
    return columns;
}

/* The names lie from `names` on. */
static void push_row(lua_State *L, const struct rows *rows, size_t row, int names, int columns) {
    size_t len;
    lua_createtable(L, 0, columns);
    for (int c = 0; c < columns; c++) {
        const char *text = rows_value(rows, row, (size_t)c, &len);
        if (!text) continue;
        lua_pushvalue(L, names + c);
        push_value(L, rows_type(rows, (size_t)c), text, len);
        lua_rawset(L, -3);
    }
}

void rows_push_table(lua_State *L, const struct rows *rows) {
    size_t count = rows ? rows_count(rows) : 0;
    int names = lua_gettop(L) + 1, columns = count > 0 ? push_names(L, rows) : 0;
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_row(L, rows, i, names, columns);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void rows_push_first(lua_State *L, const struct rows *rows) {
    int names = lua_gettop(L) + 1;
    push_row(L, rows, 0, names, push_names(L, rows));
}

/* ---- all in one ---- */

/* Bytes with a NUL behind them; where they begin. */
static uint32_t keep(struct buf *block, const char *text, size_t len) {
    uint32_t at = (uint32_t)block->len;
    buf_add(block, text, len + 1);
    return at;
}

static struct cell keep_value(struct buf *block, const struct rows *rows, size_t row, size_t column,
                              enum value_type type) {
    size_t len;
    const char *text = rows_value(rows, row, column, &len);
    if (!text) return (struct cell){.len = NONE};
    struct cell cell = {.at = keep(block, text, len), .len = (uint32_t)len};
    if (type == TYPE_TIMESTAMPTZ && !block->failed)
        cell.len = (uint32_t)mend_time(block->data + cell.at, len);
    return cell;
}

/* Puts an entry of the tables at the block's beginning, which may have moved meanwhile. */
static void put(struct buf *block, size_t *at, const void *entry, size_t size) {
    if (!block->failed) memcpy(block->data + *at, entry, size);
    *at += size;
}

/* The tables' room is at the block's beginning. */
static void keep_all(struct buf *block, const struct rows *rows, size_t count, size_t columns) {
    size_t at = 0;
    for (size_t c = 0; c < columns; c++) {
        const char *name = rows_name(rows, c);
        struct column column = {.type = rows_type(rows, c), .name = keep(block, name, strlen(name))};
        put(block, &at, &column, sizeof column);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < columns; c++) {
            struct cell cell = keep_value(block, rows, i, c, rows_type(rows, c));
            put(block, &at, &cell, sizeof cell);
        }
}

/* Each value is asked for once, so the block grows in the scratch until it is known how large it is. */
void rows_push_kept(lua_State *L, const struct rows *rows) {
    struct buf *block = &context_of(L)->scratch;
    size_t count = rows ? rows_count(rows) : 0, columns = count > 0 ? rows_columns(rows) : 0;
    size_t tables = columns * sizeof(struct column) + count * columns * sizeof(struct cell);
    buf_clear(block);
    if (buf_reserve(block, tables)) {
        block->len = tables;
        keep_all(block, rows, count, columns);
    }
    if (block->failed || block->len >= NONE) luaL_error(L, "out of memory");
    struct kept_rows *kept = lua_newuserdatauv(L, sizeof *kept + block->len, 0);
    struct column *column = (struct column *)(void *)(kept + 1);
    *kept =
        (struct kept_rows){count, columns, column, (struct cell *)(void *)(column + columns), (char *)column};
    memcpy(column, block->data, block->len);
    luaL_setmetatable(L, ROWS);
}

const struct kept_rows *rows_kept_test(lua_State *L, int index) {
    return luaL_testudata(L, index, ROWS);
}

size_t rows_kept_count(const struct kept_rows *kept) {
    return kept->count;
}

int rows_kept_column(const struct kept_rows *kept, const char *name) {
    for (size_t c = 0; c < kept->columns; c++)
        if (strcmp(kept->block + kept->column[c].name, name) == 0) return (int)c;
    return -1;
}

enum value_type rows_kept_type(const struct kept_rows *kept, int column) {
    return kept->column[column].type;
}

const char *rows_kept_value(const struct kept_rows *kept, size_t row, int column, size_t *ret_len) {
    struct cell cell = kept->cell[row * kept->columns + (size_t)column];
    if (cell.len == NONE) return NULL;
    *ret_len = cell.len;
    return kept->block + cell.at;
}

void rows_push_kept_value(lua_State *L, const struct kept_rows *kept, size_t row, int column) {
    size_t len;
    const char *text = rows_kept_value(kept, row, column, &len);
    if (!text)
        lua_pushnil(L);
    else if (rows_kept_type(kept, column) == TYPE_TIMESTAMPTZ)
        lua_pushlstring(L, text, len);
    else
        push_value(L, rows_kept_type(kept, column), text, len);
}

void rows_push_kept_row(lua_State *L, const struct kept_rows *kept, size_t row) {
    lua_createtable(L, 0, (int)kept->columns);
    for (size_t c = 0; c < kept->columns; c++) {
        lua_pushstring(L, kept->block + kept->column[c].name);
        rows_push_kept_value(L, kept, row, (int)c);
        lua_rawset(L, -3);
    }
}

/* ---- as a list ---- */

static struct kept_rows *check(lua_State *L) {
    return luaL_checkudata(L, 1, ROWS);
}

/* rows[i] -> the row as a table, or nil behind the last. */
static int l_index(lua_State *L) {
    const struct kept_rows *kept = check(L);
    int whole;
    lua_Integer at = lua_tointegerx(L, 2, &whole);
    if (!whole || at < 1 || (size_t)at > kept->count) return 0;
    rows_push_kept_row(L, kept, (size_t)at - 1);
    return 1;
}

static int l_newindex(lua_State *L) {
    struct kept_rows *kept = check(L);
    bool last = kept->count > 0 && lua_isinteger(L, 2) && (size_t)lua_tointeger(L, 2) == kept->count;
    if (!last || !lua_isnil(L, 3))
        return luaL_error(
            L, "rows of db.rows cannot be changed, but for rows[#rows] = nil, which drops the last; "
               "db.query gives tables");
    kept->count--;
    return 0;
}

static int l_len(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check(L)->count);
    return 1;
}

static int l_next(lua_State *L) {
    lua_Integer at = luaL_checkinteger(L, 2);
    if (at < 0 || (size_t)at >= check(L)->count) return 0;
    lua_settop(L, 1);
    lua_pushinteger(L, at + 1);
    if (l_index(L) == 0) return 0;
    return 2;
}

static int l_pairs(lua_State *L) {
    check(L);
    lua_pushcfunction(L, l_next);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

void rows_open(lua_State *L) {
    static const luaL_Reg meta[] = {{"__index", l_index},
                                    {"__newindex", l_newindex},
                                    {"__len", l_len},
                                    {"__pairs", l_pairs},
                                    {NULL, NULL}};
    luaL_newmetatable(L, ROWS);
    luaL_setfuncs(L, meta, 0);
    lua_pushliteral(L, "rows");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
