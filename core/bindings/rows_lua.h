#ifndef PLATEIA_BINDINGS_ROWS_LUA_H
#define PLATEIA_BINDINGS_ROWS_LUA_H

/* rows_lua.h -- what a statement returned, as Lua has it: a table for each row, or all of them in one
 * userdata.
 *
 * The userdata (`struct kept_rows`) is a copy in memory that Lua counts and collects; what it was made of can
 * be freed at once. A script sees a list: #rows, rows[i] (each time a new table), ipairs, and rows[#rows] =
 * nil, which drops the last. An answer is written of it without a Lua value for each field. A worker's
 * thread. */

#include "../services/db/rows.h"
#include <lua.h>
#include <stddef.h>

struct kept_rows;

/* Each may raise when memory runs out: `rows` must belong to somebody who frees them then. */
void rows_push_table(lua_State *L, const struct rows *rows); /* an array of rows; NULL: empty */
void rows_push_first(lua_State *L, const struct rows *rows); /* the first of at least one */
void rows_push_kept(lua_State *L, const struct rows *rows);  /* NULL: empty */
void rows_push_kept_row(lua_State *L, const struct kept_rows *kept, size_t row);

const struct kept_rows *rows_kept_test(lua_State *L, int index); /* NULL: it is something else */
size_t rows_kept_count(const struct kept_rows *kept);
/* The column's number, or -1. */
int rows_kept_column(const struct kept_rows *kept, const char *name);
enum value_type rows_kept_type(const struct kept_rows *kept, int column);
/* As text; times are RFC 3339's already. NULL for SQL NULL. */
const char *rows_kept_value(const struct kept_rows *kept, size_t row, int column, size_t *ret_len);
/* The same as a Lua value; nil for SQL NULL. */
void rows_push_kept_value(lua_State *L, const struct kept_rows *kept, size_t row, int column);

/* Makes the userdata's metatable known to the state. */
void rows_open(lua_State *L);

#endif
