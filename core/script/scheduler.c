/* scheduler.c -- the only caller of lua_resume. Everything a coroutine does, its first allocation included,
 * happens inside a resume, where a raise is an error value and not a jump across our frames. */

#include "scheduler.h"
#include "../base/log.h"
#include "../bindings/bindings.h"
#include "../bindings/task.h"
#include "../exchange/counts.h"
#include "../exchange/problem.h"
#include "../services/db/pool.h"
#include "background.h"
#include "bounds.h"
#include "budget.h"
#include "collector.h"
#include "generation.h"
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

/* At a task, within the time that it has in all. */
#define LOOKS 8
/* Of the bytes on their way to Lua; what grew larger is given back. */
#define SCRATCH_KEPT ((size_t)1 << 20)

struct scheduler {
    struct tasks tasks; /* first: a task's resume finds nothing else */
    struct background background;
    struct generation *generations; /* the newest first */
    struct bounds bounds;
    struct collector collector;
    struct reactor *reactor;
    struct reactor_timer look; /* for those that wait and wait */
};

static struct coroutine *coroutine_of(struct task *task) {
    return task->owner;
}

/* ---- inside the coroutine ---- */

static int request_done(lua_State *L, int status, lua_KContext ctx) {
    (void)L, (void)status, (void)ctx;
    return 0;
}

static int request_entry(lua_State *L) {
    struct task *task = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, coroutine_of(task)->function);
    task->handle = bindings_push_request(L, task->req);
    lua_pushvalue(L, -1);
    lua_insert(L, 1); /* kept on the stack: the task points into it */
    lua_callk(L, 1, 0, 0, request_done);
    return request_done(L, LUA_OK, 0);
}

static int job_done(lua_State *L, int status, lua_KContext ctx) {
    (void)L, (void)status, (void)ctx;
    return 2;
}

static int job_entry(lua_State *L) {
    struct coroutine *coroutine = coroutine_of(lua_touserdata(L, 1));
    lua_rawgeti(L, LUA_REGISTRYINDEX, coroutine->function);
    for (int i = 0; i < coroutine->arg_count; i++)
        lua_pushstring(L, coroutine->args[i]);
    lua_callk(L, coroutine->arg_count, 2, 0, job_done);
    return job_done(L, LUA_OK, 0);
}

/* ---- how it ends ---- */

/* No other thread writes it. */
static void count_tasks(struct generation *generation, int change) {
    unsigned tasks = atomic_load_explicit(&generation->tasks, memory_order_relaxed);
    atomic_store_explicit(&generation->tasks, tasks + (unsigned)change, memory_order_relaxed);
}

static void end_task(struct tasks *tasks, struct task *task, bool spoilt) {
    struct scheduler *scheduler = (struct scheduler *)tasks;
    struct coroutine *coroutine = coroutine_of(task);
    struct put_off *after = task->after;
    task->after = NULL;
    if (task->req) task->req->work = NULL;
    if (after && spoilt) background_drop(&scheduler->background, coroutine->generation, after);
    if (after && !spoilt) background_add(&scheduler->background, coroutine->generation, after);
    tasks_give_back(tasks, task);
    if (spoilt)
        quarantine_dropped(coroutine->quarantine, coroutine->number, coroutine->pass);
    else
        quarantine_well(coroutine->quarantine, coroutine->number, coroutine->pass);
    count_tasks(coroutine->generation, -1);
    generation_give_back(coroutine->generation, coroutine, spoilt);
}

static const char *text_of(const struct task *task, int index) {
    return lua_type(task->co, index) == LUA_TSTRING ? lua_tostring(task->co, index) : NULL;
}

/* It was stopped, or memory ran out under it. */
static void end_excess(struct tasks *tasks, struct task *task, enum excess excess) {
    struct bounds *bounds = &((struct scheduler *)tasks)->bounds;
    struct coroutine *coroutine = coroutine_of(task);
    char reason[512];
    if (task->req) {
        bounds_stopped(bounds, coroutine, excess, task->req);
    } else {
        bounds_job_stopped(bounds, coroutine, excess, reason, sizeof reason);
        coroutine->ended(coroutine->ctx, false, reason);
    }
    end_task(tasks, task, true);
}

static void end_request(struct tasks *tasks, struct task *task, int status) {
    struct request *req = task->req;
    if (status != LUA_OK) {
        const char *text = text_of(task, -1);
        log_event(LOG_ERROR, "handler failed", log_text("request_id", req->id), log_text("route", req->route),
                  log_text("error", text ? text : "(no text)"));
        problem_say(req, 500, NULL);
    } else if (req->answer.status == 0) {
        log_event(LOG_ERROR, "handler gave no answer", log_text("request_id", req->id),
                  log_text("route", req->route));
        problem_say(req, 500, NULL);
    }
    if (req->answer.status == 500)
        counts_error(coroutine_of(task)->generation->context.services->counts, req->route_name);
    end_task(tasks, task, status != LUA_OK);
}

static void end_job(struct tasks *tasks, struct task *task, int status) {
    struct coroutine *coroutine = coroutine_of(task);
    void (*ended)(void *, bool, const char *) = coroutine->ended;
    void *ctx = coroutine->ctx;
    bool fine = status == LUA_OK && lua_toboolean(task->co, -2);
    const char *text = text_of(task, fine ? -2 : -1);
    if (fine && !text) text = "";
    ended(ctx, fine, text ? text : "the job failed without saying why");
    end_task(tasks, task, status != LUA_OK);
}

static enum excess judge(const struct task *task, bool killed, int status) {
    return bounds_judge(killed, status, killed ? NULL : text_of(task, -1));
}

/* Runs the task until it waits (true) or ends. */
static bool run(struct tasks *tasks, struct task *task, int arg_count) {
    struct scheduler *scheduler = (struct scheduler *)tasks;
    struct budget_seat *seat = scheduler->bounds.seat;
    struct coroutine *coroutine = coroutine_of(task);
    struct generation *generation = coroutine->generation;
    int count;
    generation->context.running = task;
    budget_enter(seat, task->co, coroutine->limit_ns);
    int status = lua_resume(task->co, NULL, arg_count, &count);
    bool killed = budget_exit(seat);
    generation->context.running = NULL;
    if (status == LUA_YIELD && !killed) return true;
    enum excess excess = status == LUA_OK && !killed ? EXCESS_NONE : judge(task, killed, status);
    if (excess != EXCESS_NONE)
        end_excess(tasks, task, excess);
    else if (task->req)
        end_request(tasks, task, status);
    else
        end_job(tasks, task, status);
    if (generation->context.scratch.cap > SCRATCH_KEPT) buf_done(&generation->context.scratch);
    collector_look(&scheduler->collector, generation, excess != EXCESS_NONE);
    return false;
}

/* What is logged meanwhile is told of the task's generation. */
static bool step(struct tasks *tasks, struct task *task, int arg_count) {
    unsigned before = log_generation(coroutine_of(task)->generation->number);
    bool waits = run(tasks, task, arg_count);
    log_generation(before);
    return waits;
}

static void resume(struct tasks *tasks, struct task *task) {
    struct request *req = task->req;
    if (!step(tasks, task, 0) && req) request_answered(req);
}

/* ---- how it starts ---- */

static struct task *new_task(struct scheduler *scheduler, struct generation *generation, int function,
                             lua_CFunction entry) {
    struct coroutine *coroutine = generation_coroutine(generation);
    if (!coroutine) return NULL;
    struct task *task = tasks_take(&scheduler->tasks);
    if (!task) {
        generation_give_back(generation, coroutine, false);
        return NULL;
    }
    count_tasks(generation, 1);
    coroutine->function = function;
    coroutine->patient = false;
    task->ticket.generation = generation->number;
    task->owner = coroutine;
    task->co = coroutine->co;
    lua_pushcfunction(task->co, entry);
    lua_pushlightuserdata(task->co, task);
    return task;
}

/* For how long it may run, and whose account it is on. */
static void account(struct task *task, int64_t limit_ns, struct quarantine *quarantine, size_t number,
                    enum quarantine_pass pass) {
    struct coroutine *coroutine = coroutine_of(task);
    coroutine->limit_ns = limit_ns;
    coroutine->quarantine = quarantine;
    coroutine->number = number;
    coroutine->pass = pass;
}

enum request_state scheduler_request(struct scheduler *scheduler, struct generation *generation, int route,
                                     struct request *req) {
    enum quarantine_pass pass;
    if (bounds_refuse(generation, (size_t)route, req, &pass)) return REQUEST_ANSWERED;
    struct task *task = new_task(scheduler, generation, generation->runs[route], request_entry);
    if (!task) {
        quarantine_dropped(generation->quarantine, (size_t)route, pass);
        collector_look(&scheduler->collector, generation, false);
        problem_say(req, 503, "the server is out of memory for scripts: try again in a moment");
        return REQUEST_ANSWERED;
    }
    account(task, scheduler->bounds.run_ns, generation->quarantine, (size_t)route, pass);
    task->req = req;
    req->work = task;
    return step(&scheduler->tasks, task, 1) ? REQUEST_WAITING : REQUEST_ANSWERED;
}

void scheduler_cancel(struct scheduler *scheduler, struct request *req) {
    if (req->work) end_task(&scheduler->tasks, req->work, true);
}

enum err_code scheduler_run(struct scheduler *scheduler, struct generation *generation,
                            const struct job_call *call, struct err *err) {
    struct task *task = new_task(scheduler, generation, call->function, job_entry);
    if (!task) return err_set(err, ERR_NO_MEMORY, "out of memory");
    struct coroutine *coroutine = coroutine_of(task);
    coroutine->patient = call->heavy;
    coroutine->args = call->args;
    coroutine->arg_count = call->arg_count;
    coroutine->ended = call->ended;
    coroutine->ctx = call->ctx;
    account(task, call->heavy ? scheduler->bounds.job_ns : scheduler->bounds.run_ns, call->quarantine,
            call->number, call->pass);
    step(&scheduler->tasks, task, 1);
    return ERR_OK;
}

enum err_code scheduler_job(struct scheduler *scheduler, struct generation *generation, enum job job,
                            const char *const *args, int arg_count,
                            void (*ended)(void *ctx, bool fine, const char *text), void *ctx,
                            struct err *err) {
    struct job_call call = {.function = job == JOB_SEED ? generation->seed : generation->import,
                            .args = args,
                            .arg_count = arg_count,
                            .ended = ended,
                            .ctx = ctx,
                            .heavy = true};
    if (call.function == LUA_NOREF) return err_set(err, ERR_NOT_FOUND, "app.lua has no such job");
    return scheduler_run(scheduler, generation, &call, err);
}

bool scheduler_idle(const struct scheduler *scheduler) {
    const struct tasks *tasks = &scheduler->tasks;
    return tasks->put_off == 0 && tasks->idle_count == tasks->count;
}

/* ---- generations ---- */

void scheduler_host(struct scheduler *scheduler, struct generation *generation) {
    generation->next = scheduler->generations;
    scheduler->generations = generation;
}

void scheduler_leave(struct scheduler *scheduler, struct generation *generation) {
    struct generation **at = &scheduler->generations;
    while (*at != generation)
        at = &(*at)->next;
    *at = generation->next;
    generation->next = NULL;
}

struct generation *scheduler_newest(const struct scheduler *scheduler) {
    return scheduler->generations;
}

static struct generation *find_generation(const struct scheduler *scheduler, unsigned number) {
    struct generation *generation = scheduler->generations;
    while (generation && generation->number != number)
        generation = generation->next;
    return generation;
}

/* What waits is ended where it waits. `why` ends in the request's id, where there is one. */
static void end_now(struct tasks *tasks, struct task *task, const char *event, const char *why) {
    struct coroutine *coroutine = coroutine_of(task);
    struct request *req = task->req;
    char detail[300];
    unsigned before = log_generation(coroutine->generation->number);
    log_event(LOG_WARN, event, log_text("request_id", req ? req->id : NULL),
              log_text("route", req ? req->route : "(a job)"));
    snprintf(detail, sizeof detail, "%s; request %s", why, req ? req->id : "");
    if (req) {
        answer_reset(req);
        problem_say(req, 503, detail);
    } else {
        coroutine->ended(coroutine->ctx, false, why);
    }
    log_generation(before);
    end_task(tasks, task, true);
    if (req) request_answered(req);
}

void scheduler_end(struct scheduler *scheduler, struct generation *generation) {
    struct tasks *tasks = &scheduler->tasks;
    background_end(&scheduler->background, generation);
    for (uint32_t i = 0; i < tasks->count; i++) {
        struct task *task = tasks->slots[i];
        if (task->live && coroutine_of(task)->generation == generation && !coroutine_of(task)->patient)
            end_now(tasks, task, "ended with its generation",
                    "the scripts have been replaced, and this took too long: try again");
    }
}

/* ---- those that wait and wait ---- */

static void start_look(struct scheduler *scheduler) {
    if (scheduler->bounds.total_ns > 0)
        reactor_timer_start(scheduler->reactor, &scheduler->look, scheduler->bounds.total_ns / LOOKS, NULL);
    else
        reactor_timer_stop(scheduler->reactor, &scheduler->look);
}

/* A task's age is the looks that it has seen: to keep it costs those that do not wait nothing. */
static void look(void *ctx) {
    struct scheduler *scheduler = ctx;
    struct tasks *tasks = &scheduler->tasks;
    for (uint32_t i = 0; i < tasks->count; i++) {
        struct task *task = tasks->slots[i];
        if (task->live && !coroutine_of(task)->patient && task->age++ >= LOOKS) {
            counts_killed(coroutine_of(task)->generation->context.services->counts, COUNTS_TOTAL_TIME);
            end_now(tasks, task, "ended: it took longer than it may in all",
                    "this took longer than it may, waits included: it may have been done or not");
        }
    }
    start_look(scheduler);
}

/* ---- what services bring ---- */

void scheduler_database(void *ctx, struct share_answer *answer) {
    struct scheduler *scheduler = ctx;
    struct outcome outcome = {.err = answer->err, .rows = answer->rows, .lease = answer->lease};
    struct generation *asker = find_generation(scheduler, answer->who.generation);
    if (answer->query && asker) asker->context.calls--;
    tasks_deliver(&scheduler->tasks, answer->who, &outcome);
}

void scheduler_bound(struct scheduler *scheduler, const struct bounds *bounds) {
    scheduler->bounds = *bounds;
    scheduler->collector.full = bounds->full;
    scheduler->collector.ctx = bounds->ctx;
    start_look(scheduler);
}

struct tasks *scheduler_tasks(struct scheduler *scheduler) {
    return &scheduler->tasks;
}

enum err_code scheduler_new(struct scheduler **ret, struct reactor *reactor, struct err *err) {
    struct scheduler *scheduler = calloc(1, sizeof *scheduler);
    if (!scheduler) return err_set(err, ERR_NO_MEMORY, "out of memory");
    scheduler->reactor = reactor;
    scheduler->look = (struct reactor_timer){.fn = look, .ctx = scheduler};
    tasks_init(&scheduler->tasks, resume);
    background_init(&scheduler->background, scheduler, reactor);
    collector_init(&scheduler->collector, reactor);
    *ret = scheduler;
    return ERR_OK;
}

void scheduler_free(struct scheduler *scheduler) {
    if (!scheduler) return;
    for (uint32_t i = 0; i < scheduler->tasks.count; i++)
        if (scheduler->tasks.slots[i]->live) end_task(&scheduler->tasks, scheduler->tasks.slots[i], true);
    background_done(&scheduler->background);
    collector_done(&scheduler->collector);
    reactor_timer_stop(scheduler->reactor, &scheduler->look);
    tasks_done(&scheduler->tasks);
    free(scheduler);
}
