/* password_lua.c -- raw.password: hashing and checking on the hasher's threads while the coroutine waits. */

#include "../services/password.h"
#include "../services/settings.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>

#define MAX_LENGTH 65536

/* The job is home, in the worker's thread: on to the task that waits. */
static void home(struct password_job *job, bool live) {
    struct outcome outcome = {.err = job->err, .job = job, .queued_ns = job->queued_ns};
    if (live)
        tasks_deliver(job->ctx, job->who, &outcome);
    else
        password_job_free(job);
}

static int submit(lua_State *L, enum password_work work, const char *hash, lua_KFunction continuation) {
    struct task *task = task_running(L, "password");
    const struct services *services = context_of(L)->services;
    size_t len;
    const char *password = luaL_checklstring(L, 1, &len);
    luaL_argcheck(L, len <= MAX_LENGTH, 1, "a password has at most 64 KiB");
    struct err err = {0};
    struct password_job *job = password_job_new(work, password, len, hash);
    if (!job) return luaL_error(L, "out of memory");
    job->who = task->ticket;
    job->ctx = services->tasks;
    job->done = home;
    if (hasher_submit(services->hasher, services->mailbox, job, &err) != ERR_OK) {
        password_job_free(job);
        return task_push_failure(L, &err);
    }
    return task_wait(L, continuation);
}

static int hashed(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct outcome *outcome = &context_of(L)->running->outcome;
    if (outcome->err.code != ERR_OK) return task_push_failure(L, &outcome->err);
    lua_pushstring(L, outcome->job->hash);
    outcome_done(outcome);
    return 1;
}

static int l_hash(lua_State *L) {
    return submit(L, PASSWORD_HASH, NULL, hashed);
}

static int verified(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    struct outcome *outcome = &context_of(L)->running->outcome;
    if (outcome->err.code != ERR_OK) return task_push_failure(L, &outcome->err);
    lua_pushboolean(L, outcome->job->matches);
    if (outcome->job->matches && outcome->job->outdated)
        lua_pushstring(L, outcome->job->hash);
    else
        lua_pushnil(L);
    outcome_done(outcome);
    return 2;
}

static int l_verify(lua_State *L) {
    return submit(L, PASSWORD_VERIFY, luaL_optstring(L, 2, NULL), verified);
}

static const luaL_Reg functions[] = {{"hash", l_hash}, {"verify", l_verify}, {NULL, NULL}};

int bindings_password(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
