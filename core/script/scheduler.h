#ifndef PLATEIA_SCRIPT_SCHEDULER_H
#define PLATEIA_SCRIPT_SCHEDULER_H

/* scheduler.h -- runs handlers and jobs as coroutines of one worker: starts them, lets them wait, resumes
 * them, ends them.
 *
 * What await is elsewhere is here a binding that suspends its coroutine; scripts see a plain call. */

#include "../base/err.h"
#include "../exchange/request.h"
#include <stdbool.h>

struct generation;
struct scheduler;
struct share_answer;
struct tasks;

enum err_code scheduler_new(struct scheduler **ret, struct err *err);
void scheduler_free(struct scheduler *scheduler); /* ends what still waits; before its generation is freed */

/* Where services deliver: for `struct services`. */
struct tasks *scheduler_tasks(struct scheduler *scheduler);
/* The share's `done`: ctx is the scheduler. */
void scheduler_database(void *ctx, struct share_answer *answer);

/* Runs a route's function; the answer is in req, or comes later (see request.h). */
enum request_state scheduler_request(struct scheduler *scheduler, struct generation *generation, int route,
                                     struct request *req);
/* The client has gone: the handler is dropped where it waits, its transactions are rolled back. */
void scheduler_cancel(struct scheduler *scheduler, struct request *req);

enum job { JOB_SEED, JOB_IMPORT };
/* Runs a job of app.lua with text arguments (NULL: nil) that stay valid until it ended. `ended` gets its
 * result: text that the job returned ("" when none), or why it failed. It may be called before this returns.
 * ERR_NOT_FOUND when app.lua has no such job. */
enum err_code scheduler_job(struct scheduler *scheduler, struct generation *generation, enum job job,
                            const char *const *args, int arg_count,
                            void (*ended)(void *ctx, bool fine, const char *text), void *ctx,
                            struct err *err);

#endif
