/* trial.c -- a request of a spec is a userdata that its task holds: when the task ends, however it ends, so
 * does what it asked for. It is handed to the handler in a later turn, by a letter, since a handler may not
 * start within another's resume. */

#include "trial.h"
#include "../base/clock.h"
#include "../base/mailbox.h"
#include "../bindings/bindings.h"
#include "../bindings/context.h"
#include "../services/db/pool.h"
#include "sandbox.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define ERRAND "plateia.errand"

static struct trial *trial_of(lua_State *L) {
    return context_of(L)->trial;
}

void trial_done(struct trial *trial) {
    for (size_t i = 0; i < trial->query_count; i++)
        query_free(trial->queries[i]);
    free(trial->queries);
    texts_done(&trial->files);
}

/* ---- files ---- */

static int l_files(lua_State *L) {
    const struct texts *files = &trial_of(L)->files;
    lua_createtable(L, (int)files->count, 0);
    for (size_t i = 0; i < files->count; i++) {
        lua_pushstring(L, files->list[i].path);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int l_load(lua_State *L) {
    const struct texts *files = &trial_of(L)->files;
    lua_Integer number = luaL_checkinteger(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, number >= 1 && (size_t)number <= files->count, 1, "no such file");
    const struct text_file *file = &files->list[number - 1];
    lua_settop(L, 2);
    const char *chunk = lua_pushfstring(L, "@%s", file->path);
    lua_pushvalue(L, 2);
    if (sandbox_chunk(L, file->text, file->len, chunk)) return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* ---- the database ---- */

static int waited(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct outcome *outcome = &context_of(L)->running->outcome;
    if (outcome->err.code != ERR_OK) return task_push_failure(L, &outcome->err);
    outcome_done(outcome);
    lua_pushboolean(L, 1);
    return 1;
}

static int wait_for(lua_State *L, const char *what,
                    enum err_code (*ask)(struct share *share, struct ticket who, struct err *err)) {
    struct task *task = task_running(L, what);
    struct err err = {0};
    if (ask(context_of(L)->services->db, task->ticket, &err) != ERR_OK) return task_push_failure(L, &err);
    return task_wait(L, waited);
}

static int l_mark(lua_State *L) {
    return wait_for(L, "mark", share_mark);
}

static int l_undo(lua_State *L) {
    return wait_for(L, "undo", share_undo);
}

static const struct query *find_query(const struct trial *trial, const char *text, size_t count) {
    for (size_t i = 0; i < trial->query_count; i++)
        if (trial->queries[i]->param_count == count && strcmp(trial->queries[i]->text, text) == 0)
            return trial->queries[i];
    return NULL;
}

static bool keep_query(struct trial *trial, struct query *query) {
    struct query **queries = realloc(trial->queries, (trial->query_count + 1) * sizeof(struct query *));
    if (!queries) return false;
    trial->queries = queries;
    queries[trial->query_count++] = query;
    return true;
}

static const struct query *make_query(struct trial *trial, const char *text, size_t count, struct err *err) {
    struct buf file = {0};
    struct query *query = NULL;
    buf_add_str(&file, "-- class: lease\n");
    for (size_t i = 0; i < count; i++)
        buf_addf(&file, "%s p%zu text", i ? "," : "-- params:", i + 1);
    buf_addf(&file, "%s%s\n", count ? "\n" : "", text);
    enum err_code code = file.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                                     : query_parse(&query, "sql", "sql", file.data, file.len, err);
    buf_done(&file);
    if (code == ERR_OK && !keep_query(trial, query)) {
        query_free(query);
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
    }
    return code == ERR_OK ? query : NULL;
}

static int l_sql(lua_State *L) {
    const char *text = luaL_checkstring(L, 1);
    size_t count = (size_t)lua_gettop(L) - 1;
    struct err err = {0};
    luaL_argcheck(L, count <= QUERY_MAX_PARAMS, 2, "a statement has 16 parameters at most");
    const struct query *query = find_query(trial_of(L), text, count);
    if (!query) query = make_query(trial_of(L), text, count, &err);
    if (!query) return task_push_failure(L, &err);
    return bindings_run(L, query, 2);
}

/* ---- requests ---- */

struct errand {
    struct holding holding; /* first: its place in the task's list */
    struct request req;
    struct trial *trial;
    struct tasks *tasks;
    struct ticket who;
    struct errand_letter *letter; /* on its way; NULL: there, or never sent */
    bool asked;                   /* the handler has it, and has not answered */
};

struct errand_letter {
    struct mail mail;      /* first */
    struct errand *errand; /* NULL: its task has ended */
};

static void end_errand(struct errand *errand) {
    holding_remove(&errand->holding);
    if (errand->letter) errand->letter->errand = NULL;
    errand->letter = NULL;
    if (errand->asked) errand->trial->handler.cancel(errand->trial->handler.ctx, &errand->req);
    errand->asked = false;
    buf_done(&errand->req.answer.body);
    arena_done(&errand->req.arena);
}

static void task_ended(struct holding *holding) {
    end_errand((struct errand *)holding);
}

static void answered(struct request *req) {
    struct errand *errand = req->exchange;
    struct outcome outcome = {0};
    errand->asked = false;
    tasks_deliver(errand->tasks, errand->who, &outcome);
}

static void ask(struct mail *mail, bool live) {
    struct errand_letter *letter = (struct errand_letter *)mail;
    struct errand *errand = letter->errand;
    free(letter);
    if (!errand) return;
    errand->letter = NULL;
    if (!live) return;
    struct request_handler *handler = &errand->trial->handler;
    errand->asked = true;
    if (handler->start(handler->ctx, &errand->req) == REQUEST_ANSWERED) answered(&errand->req);
}

static const char *copy(lua_State *L, struct errand *errand, int index) {
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    const char *kept = arena_copy(&errand->req.arena, text, len);
    if (!kept) luaL_error(L, "out of memory");
    return kept;
}

/* names and values by turns: { name, value, ... } */
static void take_headers(lua_State *L, struct errand *errand, int index) {
    lua_Integer last = luaL_len(L, index);
    struct header *headers = arena_alloc(&errand->req.arena, ((size_t)last / 2 + 1) * sizeof *headers);
    if (!headers) {
        luaL_error(L, "out of memory");
        return;
    }
    for (lua_Integer i = 1; i < last; i += 2, headers++) {
        lua_geti(L, index, i);
        lua_geti(L, index, i + 1);
        *headers = (struct header){copy(L, errand, -2), copy(L, errand, -1)};
        if (!header_name_ok(headers->name) || !header_value_ok(headers->value))
            luaL_error(L, "\"%s: %s\" is no header", headers->name, headers->value);
        lua_pop(L, 2);
    }
    errand->req.header_count = (size_t)last / 2;
    errand->req.headers = headers - errand->req.header_count;
}

static void fill(lua_State *L, struct errand *errand) {
    struct request *req = &errand->req;
    req->method = method_from(luaL_checkstring(L, 1));
    luaL_argcheck(L, req->method != METHOD_COUNT, 1,
                  "a method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
    request_id_make(req->id);
    req->path = copy(L, errand, 2);
    req->query = copy(L, errand, 3);
    take_headers(L, errand, 4);
    req->body = copy(L, errand, 5);
    luaL_checklstring(L, 5, &req->body_len);
    req->peer = copy(L, errand, 6);
    req->started_ns = clock_ns();
    req->on_answered = answered;
    req->exchange = errand;
}

static int push_answer(lua_State *L, const struct answer *answer) {
    lua_Integer at = 0;
    lua_pushinteger(L, answer->status);
    lua_pushlstring(L, answer->body.data ? answer->body.data : "", answer->body.len);
    lua_newtable(L);
    for (size_t i = 0; i < answer->header_count; i++) {
        lua_pushstring(L, answer->headers[i].name);
        lua_rawseti(L, -2, ++at);
        lua_pushstring(L, answer->headers[i].value);
        lua_rawseti(L, -2, ++at);
    }
    return 3;
}

static int came(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct errand *errand = luaL_checkudata(L, -1, ERRAND);
    int count = push_answer(L, &errand->req.answer);
    end_errand(errand);
    return count;
}

static int l_request(lua_State *L) {
    struct task *task = task_running(L, "test.request");
    const struct services *services = context_of(L)->services;
    lua_settop(L, 6);
    struct errand *errand = lua_newuserdatauv(L, sizeof *errand, 0);
    *errand = (struct errand){
        .holding.give_back = task_ended, .trial = trial_of(L), .tasks = services->tasks, .who = task->ticket};
    luaL_setmetatable(L, ERRAND);
    fill(L, errand);
    struct errand_letter *letter = malloc(sizeof *letter);
    if (!letter) return luaL_error(L, "out of memory");
    *letter = (struct errand_letter){.mail.deliver = ask, .errand = errand};
    errand->letter = letter;
    holding_add(task, &errand->holding);
    mailbox_post(services->mailbox, &letter->mail);
    return task_wait(L, came);
}

static int errand_gc(lua_State *L) {
    end_errand(luaL_checkudata(L, 1, ERRAND));
    return 0;
}

static const luaL_Reg functions[] = {{"files", l_files}, {"load", l_load}, {"mark", l_mark},
                                     {"undo", l_undo},   {"sql", l_sql},   {"request", l_request},
                                     {NULL, NULL}};

void trial_open(lua_State *L) {
    luaL_newmetatable(L, ERRAND);
    lua_pushcfunction(L, errand_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    sandbox_prelude(L, "plateia.raw");
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "trial");
    lua_pop(L, 1);
}
