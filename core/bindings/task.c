/* task.c -- the slots behind tickets. A task's memory stays with its slot for ever, so a late answer always
 * finds something to compare its serial with. */

#include "task.h"
#include "../services/db/pool.h"
#include "../services/password.h"
#include "context.h"
#include <lauxlib.h>
#include <stdlib.h>

void outcome_done(struct outcome *outcome) {
    rows_free(outcome->rows);
    lease_release(outcome->lease);
    password_job_free(outcome->job);
    *outcome = (struct outcome){0};
}

void tasks_init(struct tasks *tasks, void (*resume)(struct tasks *tasks, struct task *task)) {
    *tasks = (struct tasks){.resume = resume};
}

void tasks_done(struct tasks *tasks) {
    for (uint32_t i = 0; i < tasks->count; i++)
        free(tasks->slots[i]);
    free(tasks->slots);
    free(tasks->idle);
    *tasks = (struct tasks){0};
}

static bool make_room(struct tasks *tasks) {
    uint32_t room = tasks->room ? tasks->room * 2 : 64;
    struct task **slots = realloc(tasks->slots, room * sizeof(struct task *));
    if (slots) tasks->slots = slots;
    uint32_t *idle = realloc(tasks->idle, room * sizeof *idle);
    if (idle) tasks->idle = idle;
    if (!slots || !idle) return false;
    tasks->room = room;
    return true;
}

static struct task *new_slot(struct tasks *tasks) {
    if (tasks->count == tasks->room && !make_room(tasks)) return NULL;
    struct task *task = calloc(1, sizeof *task);
    if (!task) return NULL;
    task->ticket.slot = tasks->count;
    tasks->slots[tasks->count++] = task;
    return task;
}

struct task *tasks_take(struct tasks *tasks) {
    struct task *task = tasks->idle_count ? tasks->slots[tasks->idle[--tasks->idle_count]] : new_slot(tasks);
    if (task) task->live = true;
    return task;
}

void holding_add(struct task *task, struct holding *holding) {
    holding->task = task;
    holding->next = task->holdings;
    task->holdings = holding;
}

void holding_remove(struct holding *holding) {
    if (!holding->task) return;
    struct holding **at = &holding->task->holdings;
    while (*at != holding)
        at = &(*at)->next;
    *at = holding->next;
    holding->task = NULL;
}

static void give_back_first(struct task *task) {
    struct holding *holding = task->holdings;
    holding_remove(holding);
    holding->give_back(holding);
}

void tasks_give_back(struct tasks *tasks, struct task *task) {
    if (task->handle) *task->handle = NULL;
    while (task->holdings)
        give_back_first(task);
    outcome_done(&task->outcome);
    struct ticket next = {.slot = task->ticket.slot, .serial = task->ticket.serial + 1};
    *task = (struct task){.ticket = next};
    tasks->idle[tasks->idle_count++] = next.slot;
}

void tasks_deliver(struct tasks *tasks, struct ticket who, struct outcome *outcome) {
    struct task *task = who.slot < tasks->count ? tasks->slots[who.slot] : NULL;
    if (!task || !task->live || task->ticket.serial != who.serial) {
        outcome_done(outcome);
        return;
    }
    task->ticket.serial++;
    outcome_done(&task->outcome);
    task->outcome = *outcome;
    *outcome = (struct outcome){0};
    tasks->resume(tasks, task);
}

struct task *task_running(lua_State *L, const char *what) {
    struct task *task = context_of(L)->running;
    if (!task)
        luaL_error(L, "%s waits, and nothing may wait while modules load", what);
    else if (task->co != L)
        luaL_error(L, "%s must be called by the handler itself", what);
    else if (!lua_isyieldable(L)) /* told before anything is submitted: an answer would find another wait */
        luaL_error(L, "%s waits, and nothing may wait in a function that string.gsub or table.sort calls",
                   what);
    return task;
}

int task_wait(lua_State *L, lua_KFunction continuation) {
    return lua_yieldk(L, 0, 0, continuation);
}

int task_push_failure(lua_State *L, const struct err *err) {
    const char *code = err->code == ERR_BUSY || err->code == ERR_TIMEOUT || err->code == ERR_UNKNOWN ||
                               err->code == ERR_DENIED || err->code == ERR_LIMIT ||
                               err->code == ERR_INVALID || err->code == ERR_NOT_FOUND
                           ? err_name(err->code)
                           : "error";
    lua_pushnil(L);
    lua_pushstring(L, err->text);
    lua_pushstring(L, code);
    if (!err->state[0]) return 3;
    lua_pushstring(L, err->state);
    return 4;
}
