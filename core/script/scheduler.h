#ifndef PLATEIA_SCRIPT_SCHEDULER_H
#define PLATEIA_SCRIPT_SCHEDULER_H

/* scheduler.h -- runs handlers and jobs as coroutines of one worker: starts them, lets them wait, resumes
 * them, ends them.
 *
 * What await is elsewhere is here a binding that suspends its coroutine; scripts see a plain call. */

#include "../base/err.h"
#include "../exchange/request.h"
#include "quarantine.h"
#include <stdbool.h>

struct bounds;
struct generation;
struct reactor;
struct scheduler;
struct share_answer;
struct tasks;

enum err_code scheduler_new(struct scheduler **ret, struct reactor *reactor, struct err *err);
void scheduler_free(struct scheduler *scheduler); /* ends what still waits; before its generation is freed */

/* Generations that run here, so that late answers find theirs: the newest first, linked by `next`. */
void scheduler_host(struct scheduler *scheduler, struct generation *generation);
void scheduler_leave(struct scheduler *scheduler, struct generation *generation);
struct generation *scheduler_newest(const struct scheduler *scheduler);
/* Ends what still runs or waits on a generation: requests are answered 503. Not what an operator asked for.
 */
void scheduler_end(struct scheduler *scheduler, struct generation *generation);
/* How much time and memory its scripts may take (bounds.h), copied: in the thread that runs them, before they
 * run there. Until then as much as they like. */
void scheduler_bound(struct scheduler *scheduler, const struct bounds *bounds);

/* Where services deliver: for `struct services`. */
struct tasks *scheduler_tasks(struct scheduler *scheduler);
/* The share's `done`: ctx is the scheduler. */
void scheduler_database(void *ctx, struct share_answer *answer);

/* Runs a route's function; the answer is in req, or comes later (see request.h). */
enum request_state scheduler_request(struct scheduler *scheduler, struct generation *generation, int route,
                                     struct request *req);
/* The client has gone: the handler is dropped where it waits, its transactions are rolled back. */
void scheduler_cancel(struct scheduler *scheduler, struct request *req);

/* A piece of script without a request. The arguments are text (NULL: nil), and stay valid until it ended.
 * `ended` gets its result: text that it returned ("" when none), or why it failed. */
struct job_call {
    int function; /* registry reference of the generation's state */
    const char *const *args;
    int arg_count;
    void (*ended)(void *ctx, bool fine, const char *text);
    void *ctx;
    const char *place; /* file:line, for messages; NULL: none. As long as the generation */
    bool heavy; /* an operator asked for it: it may take longer, also when its scripts have been replaced */
    /* or NULL: it does not rest, however often it is stopped */
    struct quarantine *quarantine;
    size_t number;
    enum quarantine_pass pass;
};
/* `ended` may be called before this returns; it is not when this fails, or when the scheduler is freed. */
enum err_code scheduler_run(struct scheduler *scheduler, struct generation *generation,
                            const struct job_call *call, struct err *err);

/* Nothing runs, waits or is put off: no handler, no job. */
bool scheduler_idle(const struct scheduler *scheduler);

enum job { JOB_SEED, JOB_IMPORT, JOB_SPECS };
/* The same for a job of app.lua, or of the specs (prelude/test_run.lua). ERR_NOT_FOUND when there is no such
 * job. */
enum err_code scheduler_job(struct scheduler *scheduler, struct generation *generation, enum job job,
                            const char *const *args, int arg_count,
                            void (*ended)(void *ctx, bool fine, const char *text), void *ctx,
                            struct err *err);

#endif
