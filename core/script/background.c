/* background.c -- a queue, and a timer without delay that looks at it.
 *
 * The turn is counted by a hook: a timer may fire in the very turn that ended the task, before its answer is
 * sent, and then it waits for the next. A few at a time, because what is put off is mostly slow, and those
 * who wait for an answer need the connections more. */

#include "background.h"
#include "../base/log.h"
#include "../bindings/task.h"
#include "generation.h"
#include "scheduler.h"
#include <lauxlib.h>
#include <stdlib.h>

#define AT_ONCE 8

struct background_job {
    struct background_job *next;
    struct background *background;
    struct generation *generation;
    struct put_off *put_off;
    uint64_t turn;
};

static void wake(struct background *background) {
    reactor_timer_start(background->reactor, &background->timer, 0, NULL);
}

static void forget(struct background *background, struct generation *generation, struct put_off *put_off) {
    luaL_unref(generation->L, LUA_REGISTRYINDEX, put_off->function);
    free(put_off);
    scheduler_tasks(background->scheduler)->put_off--;
}

void background_drop(struct background *background, struct generation *generation, struct put_off *list) {
    while (list) {
        struct put_off *next = list->next;
        forget(background, generation, list);
        list = next;
    }
}

static void unlink_running(struct background_job *job) {
    struct background_job **at = &job->background->running;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->background->running_count--;
}

static void ended(void *ctx, bool fine, const char *text) {
    struct background_job *job = ctx;
    struct background *background = job->background;
    if (!fine) log_event(LOG_ERROR, "background work failed", log_text("reason", text));
    unlink_running(job);
    job->generation->put_off--;
    forget(background, job->generation, job->put_off);
    free(job);
    if (background->first) wake(background);
}

static struct background_job *next_job(struct background *background) {
    struct background_job *job = background->first;
    background->first = job->next;
    if (!background->first) background->last = &background->first;
    return job;
}

static void start(struct background *background) {
    struct background_job *job = next_job(background);
    struct job_call call = {.function = job->put_off->function, .ended = ended, .ctx = job};
    struct err err = {0};
    job->next = background->running;
    background->running = job;
    background->running_count++;
    if (scheduler_run(background->scheduler, job->generation, &call, &err) != ERR_OK)
        ended(job, false, err.text);
}

static void on_timer(void *ctx) {
    struct background *background = ctx;
    while (background->first && background->first->turn != background->turn &&
           background->running_count < AT_ONCE)
        start(background);
    if (background->first && background->running_count < AT_ONCE) wake(background);
}

static void on_turn_end(void *ctx) {
    struct background *background = ctx;
    background->turn++;
}

void background_init(struct background *background, struct scheduler *scheduler, struct reactor *reactor) {
    *background = (struct background){.scheduler = scheduler, .reactor = reactor};
    background->timer = (struct reactor_timer){.fn = on_timer, .ctx = background};
    background->hook = (struct reactor_hook){.fn = on_turn_end, .ctx = background};
    background->last = &background->first;
    reactor_hook_add(reactor, &background->hook);
}

static void free_jobs(struct background_job *job) {
    while (job) {
        struct background_job *next = job->next;
        free(job->put_off);
        free(job);
        job = next;
    }
}

void background_done(struct background *background) {
    reactor_hook_remove(background->reactor, &background->hook);
    reactor_timer_stop(background->reactor, &background->timer);
    free_jobs(background->first);
    free_jobs(background->running);
}

static void append(struct background *background, struct generation *generation, struct put_off *put_off) {
    struct background_job *job = malloc(sizeof *job);
    if (!job) {
        log_write(LOG_ERROR, "background work was lost: out of memory", NULL, 0);
        forget(background, generation, put_off);
        return;
    }
    *job = (struct background_job){
        .background = background, .generation = generation, .put_off = put_off, .turn = background->turn};
    *background->last = job;
    background->last = &job->next;
    generation->put_off++;
}

static struct put_off *oldest_first(struct put_off *list) {
    struct put_off *turned = NULL;
    while (list) {
        struct put_off *next = list->next;
        list->next = turned;
        turned = list;
        list = next;
    }
    return turned;
}

void background_add(struct background *background, struct generation *generation, struct put_off *list) {
    list = oldest_first(list);
    while (list) {
        struct put_off *next = list->next;
        append(background, generation, list);
        list = next;
    }
    wake(background);
}

void background_end(struct background *background, struct generation *generation) {
    struct background_job **at = &background->first;
    while (*at) {
        struct background_job *job = *at;
        if (job->generation != generation) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        log_write(LOG_WARN, "background work was dropped: its scripts have been replaced", NULL, 0);
        generation->put_off--;
        forget(background, generation, job->put_off);
        free(job);
    }
    background->last = at;
}
