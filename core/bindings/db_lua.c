/* db_lua.c -- raw.db: named statements and transactions. Nothing here blocks: a call submits, suspends its
 * coroutine, and the continuation makes Lua values of what came back.
 *
 * A transaction is a userdata made empty before its lease is asked for, and listed in its task, so that
 * neither an error nor a vanished client can keep a connection. */

#include "../services/db/pool.h"
#include "bindings.h"
#include "caps.h"
#include "context.h"
#include "rows_lua.h"
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TRANSACTION "plateia.transaction"

struct transaction {
    struct holding holding; /* first: its place in the task's list */
    struct lease *lease;    /* NULL: not begun, or over */
};

/* ---- parameters ---- */

/* A number as PostgreSQL's input wants it; integral floats are integers, as JSON knows no difference. */
static void add_number(lua_State *L, struct buf *text, int index) {
    lua_Integer integer;
    lua_Number real = lua_tonumber(L, index);
    if (lua_isinteger(L, index))
        buf_add_int(text, lua_tointeger(L, index));
    else if (lua_numbertointeger(floor(real), &integer) && floor(real) == real)
        buf_add_int(text, integer);
    else
        buf_addf(text, "%.17g", real);
}

static void add_quoted(lua_State *L, struct buf *text, int index) {
    size_t len;
    const char *bytes = lua_tolstring(L, index, &len);
    caps_text(L, "db", text->len, len);
    buf_add_char(text, '"');
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\') buf_add_char(text, '\\');
        buf_add_char(text, bytes[i]);
    }
    buf_add_char(text, '"');
}

static bool has_nul(lua_State *L, int index) {
    size_t len;
    const char *bytes = lua_tolstring(L, index, &len);
    return memchr(bytes, '\0', len) != NULL;
}

static void add_element(lua_State *L, struct buf *text, int argument) {
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER: add_number(L, text, lua_gettop(L)); break;
    case LUA_TBOOLEAN: buf_add_str(text, lua_toboolean(L, -1) ? "true" : "false"); break;
    case LUA_TLIGHTUSERDATA: buf_add_str(text, "NULL"); break;
    case LUA_TSTRING:
        luaL_argcheck(L, !has_nul(L, -1), argument, "text for the database cannot hold a NUL byte");
        add_quoted(L, text, lua_gettop(L));
        break;
    default: luaL_argerror(L, argument, "an array's elements are text, numbers, booleans or json.null");
    }
}

static void add_array(lua_State *L, struct buf *text, int argument) {
    lua_Integer count = luaL_len(L, argument);
    buf_add_char(text, '{');
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) buf_add_char(text, ',');
        caps_text(L, "db", text->len, 0);
        lua_geti(L, argument, i);
        add_element(L, text, argument);
        lua_pop(L, 1);
    }
    buf_add_char(text, '}');
}

/* Adds the argument's text to the scratch; false for SQL NULL. */
static bool add_argument(lua_State *L, struct buf *text, int argument) {
    switch (lua_type(L, argument)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: return false;
    case LUA_TNUMBER: add_number(L, text, argument); break;
    case LUA_TBOOLEAN: buf_add_str(text, lua_toboolean(L, argument) ? "true" : "false"); break;
    case LUA_TTABLE: add_array(L, text, argument); break;
    case LUA_TSTRING: {
        size_t len;
        const char *bytes = lua_tolstring(L, argument, &len);
        luaL_argcheck(L, !memchr(bytes, '\0', len), argument, "text for the database cannot hold a NUL byte");
        caps_text(L, "db", text->len, len);
        buf_add(text, bytes, len);
        break;
    }
    default: luaL_argerror(L, argument, "a parameter is text, a number, a boolean, an array or nil");
    }
    buf_add_char(text, '\0');
    return true;
}

/* Arguments from `first` on as texts into params. The texts lie in the scratch until its next use. */
static void take_params(lua_State *L, int first, const struct query *query, const char **params) {
    struct buf *text = &context_of(L)->scratch;
    size_t at[QUERY_MAX_PARAMS];
    bool null[QUERY_MAX_PARAMS];
    int given = lua_gettop(L) - first + 1;
    if (given > (int)query->param_count)
        luaL_error(L, "query \"%s\" takes %d parameters, not %d", query->name, (int)query->param_count,
                   given);
    lua_settop(L, first + (int)query->param_count - 1);
    buf_clear(text);
    for (size_t i = 0; i < query->param_count; i++) {
        at[i] = text->len;
        null[i] = !add_argument(L, text, first + (int)i);
    }
    if (text->failed) luaL_error(L, "out of memory");
    for (size_t i = 0; i < query->param_count; i++)
        params[i] = null[i] ? NULL : text->data + at[i];
}

static const struct query *check_query(lua_State *L, int argument) {
    const char *name = luaL_checkstring(L, argument);
    const struct query *query = query_set_find(context_of(L)->queries, name);
    if (!query)
        luaL_error(L, "there is no query \"%s\": a file sql/queries/%s.sql would make one", name, name);
    return query;
}

/* ---- results ---- */

static int all_arrived(lua_State *L, void (*push)(lua_State *, const struct rows *)) {
    struct outcome *outcome = &context_of(L)->running->outcome;
    if (outcome->err.code != ERR_OK) return task_push_failure(L, &outcome->err);
    push(L, outcome->rows);
    outcome_done(outcome);
    return 1;
}

static int rows_arrived(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    return all_arrived(L, rows_push_table);
}

static int kept_arrived(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    return all_arrived(L, rows_push_kept);
}

static int first_arrived(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct outcome *outcome = &context_of(L)->running->outcome;
    if (outcome->err.code != ERR_OK) return task_push_failure(L, &outcome->err);
    bool found = outcome->rows && rows_count(outcome->rows) > 0;
    if (found) rows_push_first(L, outcome->rows);
    outcome_done(outcome);
    return found;
}

/* ---- statements ---- */

static int l_class(lua_State *L) {
    static const char *const names[] = {"read", "lease", "batch"};
    const struct query *query = query_set_find(context_of(L)->queries, luaL_checkstring(L, 1));
    if (!query) return 0;
    lua_pushstring(L, names[query->class]);
    lua_pushinteger(L, (lua_Integer)query->param_count);
    return 2;
}

static void task_ended(struct holding *holding);

/* Among what the task holds; it may owe other things too. */
static bool has_transaction(const struct task *task) {
    const struct holding *at = task->holdings;
    while (at && at->give_back != task_ended)
        at = at->next;
    return at != NULL;
}

static int run(lua_State *L, const struct query *query, int first, lua_KFunction arrived) {
    struct task *task = task_running(L, "db");
    const char *params[QUERY_MAX_PARAMS];
    struct err err = {0};
    if (has_transaction(task))
        return luaL_error(L, "a transaction is open: use its own query, one and commit");
    take_params(L, first, query, params);
    if (share_run(context_of(L)->services->db, query, params, task->ticket, &err) != ERR_OK)
        return task_push_failure(L, &err);
    context_of(L)->calls++;
    task->spent.asked = query->name;
    return task_wait(L, arrived);
}

static int l_run(lua_State *L) {
    return run(L, check_query(L, 1), 2, rows_arrived);
}

/* The rows in one userdata, to be handed on (rows_lua.h). */
static int l_rows(lua_State *L) {
    return run(L, check_query(L, 1), 2, kept_arrived);
}

/* The first row alone; nothing where there is none. */
static int l_first(lua_State *L) {
    return run(L, check_query(L, 1), 2, first_arrived);
}

int bindings_run(lua_State *L, const struct query *query, int first) {
    return run(L, query, first, rows_arrived);
}

/* ---- transactions ---- */

static void end_transaction(struct transaction *tx) {
    struct lease *lease = tx->lease;
    holding_remove(&tx->holding);
    tx->lease = NULL;
    lease_release(lease);
}

static void task_ended(struct holding *holding) {
    end_transaction((struct transaction *)holding);
}

/* A script may keep one and find it in a later request, while the first still waits for it. */
static struct transaction *check_open(lua_State *L, const struct task *task) {
    struct transaction *tx = luaL_checkudata(L, 1, TRANSACTION);
    if (!tx->lease) luaL_error(L, "the transaction is over");
    if (tx->holding.task != task) luaL_error(L, "the transaction is another request's");
    return tx;
}

static int begun(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct task *task = context_of(L)->running;
    struct transaction *tx = lua_touserdata(L, -1);
    if (task->outcome.err.code != ERR_OK) {
        holding_remove(&tx->holding);
        return task_push_failure(L, &task->outcome.err);
    }
    tx->lease = task->outcome.lease;
    task->outcome.lease = NULL;
    return 1;
}

static int l_begin(lua_State *L) {
    struct task *task = task_running(L, "db.transaction");
    struct err err = {0};
    if (has_transaction(task))
        return luaL_error(L, "a transaction is open already: one at a time in a request");
    struct transaction *tx = lua_newuserdatauv(L, sizeof *tx, 0);
    *tx = (struct transaction){.holding.give_back = task_ended};
    luaL_setmetatable(L, TRANSACTION);
    if (share_begin(context_of(L)->services->db, task->ticket, &err) != ERR_OK)
        return task_push_failure(L, &err);
    holding_add(task, &tx->holding);
    task->spent.asked = "BEGIN";
    return task_wait(L, begun);
}

static int tx_run(lua_State *L) {
    struct task *task = task_running(L, "tx:query");
    struct transaction *tx = check_open(L, task);
    const struct query *query = check_query(L, 2);
    const char *params[QUERY_MAX_PARAMS];
    struct err err = {0};
    take_params(L, 3, query, params);
    if (lease_run(tx->lease, query, params, task->ticket, &err) != ERR_OK) return task_push_failure(L, &err);
    context_of(L)->calls++;
    task->spent.asked = query->name;
    return task_wait(L, rows_arrived);
}

static int committed(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct task *task = context_of(L)->running;
    end_transaction(luaL_checkudata(L, 1, TRANSACTION));
    if (task->outcome.err.code != ERR_OK) return task_push_failure(L, &task->outcome.err);
    lua_pushboolean(L, 1);
    return 1;
}

static int tx_commit(lua_State *L) {
    struct task *task = task_running(L, "tx:commit");
    struct transaction *tx = check_open(L, task);
    struct err err = {0};
    if (lease_commit(tx->lease, task->ticket, &err) != ERR_OK) return task_push_failure(L, &err);
    task->spent.asked = "COMMIT";
    return task_wait(L, committed);
}

static int tx_close(lua_State *L) {
    end_transaction(luaL_checkudata(L, 1, TRANSACTION));
    return 0;
}

static const luaL_Reg tx_methods[] = {
    {"run", tx_run}, {"commit", tx_commit}, {"close", tx_close}, {NULL, NULL}};
static const luaL_Reg tx_meta[] = {{"__gc", tx_close}, {"__close", tx_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"class", l_class}, {"run", l_run},     {"rows", l_rows},
                                     {"first", l_first}, {"begin", l_begin}, {NULL, NULL}};

int bindings_db(lua_State *L) {
    rows_open(L);
    luaL_newmetatable(L, TRANSACTION);
    luaL_setfuncs(L, tx_meta, 0);
    luaL_newlib(L, tx_methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "transaction");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
