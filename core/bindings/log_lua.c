/* log_lua.c -- raw.log: a line with fields; raw.flush: the lines of this thread leave now;
 * print. */

#include "../base/log.h"
#include "../exchange/trace.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define OWN_FIELDS 3
#define MAX_FIELDS 16

static struct log_field field_on_top(lua_State *L, const char *name) {
    if (lua_isinteger(L, -1)) return log_int(name, lua_tointeger(L, -1));
    if (lua_type(L, -1) == LUA_TNUMBER) return log_real(name, lua_tonumber(L, -1));
    if (lua_isboolean(L, -1)) return log_bool(name, lua_toboolean(L, -1));
    return log_text(name, lua_tostring(L, -1)); /* NULL for what is no text: written as null */
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct log_field *)a)->name, ((const struct log_field *)b)->name);
}

/* By name: a table has no order that a reader of two lines could count on. */
static size_t take_fields(lua_State *L, int table, struct log_field *fields, size_t room) {
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (count < room && lua_type(L, -2) == LUA_TSTRING)
            fields[count++] = field_on_top(L, lua_tostring(L, -2));
        lua_pop(L, 1); /* the table keeps the text alive */
    }
    qsort(fields, count, sizeof *fields, by_name);
    return count;
}

/* Whose line it is: told by us, so that no script has to. */
static size_t own_fields(struct request *req, struct log_field fields[OWN_FIELDS]) {
    fields[0] = log_text("request_id", req->id);
    return 1 + request_trace_fields(req, fields + 1);
}

static int l_log(lua_State *L) {
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    struct log_field fields[OWN_FIELDS + MAX_FIELDS];
    struct task *task = context_of(L)->running;
    size_t count = 0;
    enum log_level level = (enum log_level)luaL_checkoption(L, 1, NULL, levels);
    const char *message = luaL_checkstring(L, 2);
    if (task && task->req) count = own_fields(task->req, fields);
    if (lua_istable(L, 3)) count += take_fields(L, 3, fields + count, MAX_FIELDS);
    log_write(level, message, fields, count);
    return 0;
}

int bindings_print(lua_State *L) {
    struct log_field fields[OWN_FIELDS];
    struct task *task = context_of(L)->running;
    luaL_Buffer line;
    int count = lua_gettop(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&line, ' ');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    log_write(LOG_INFO, lua_tostring(L, -1), fields, task && task->req ? own_fields(task->req, fields) : 0);
    return 0;
}

static int l_flush(lua_State *L) {
    (void)L;
    log_flush();
    return 0;
}

int bindings_flush(lua_State *L) {
    lua_pushcfunction(L, l_flush);
    return 1;
}

int bindings_log(lua_State *L) {
    lua_pushcfunction(L, l_log);
    return 1;
}
