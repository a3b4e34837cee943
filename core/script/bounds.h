#ifndef PLATEIA_SCRIPT_BOUNDS_H
#define PLATEIA_SCRIPT_BOUNDS_H

/* bounds.h -- what becomes of scripts that use more time or memory than they may: the words for the client
 * and the log, and the quarantine's account. The scheduler's own; one worker's thread. */

#include "../exchange/request.h"
#include "quarantine.h"
#include <stddef.h>

struct budget_seat;
struct coroutine;
struct generation;

struct bounds {
    struct budget_seat *seat; /* of the thread that runs the scripts; NULL: no bound in time */
    int64_t run_ns;           /* each time that a handler runs until it waits or ends */
    int64_t job_ns;           /* the same of a job that an operator asked for */
    int64_t total_ns;         /* from a handler's beginning to its end, waits included; 0: no bound */
    int64_t slow_ns;          /* who takes so long, waits included, is told of in the log; 0: nobody */
    /* A state stays full although it was collected (collector.h); NULL: nobody is told. */
    void (*full)(void *ctx);
    void *ctx;
};

enum excess { EXCESS_NONE, EXCESS_TIME, EXCESS_MEMORY, EXCESS_STACK };

/* How a resume ended, by what the budget and Lua say of it. */
enum excess bounds_judge(bool killed, int status, const char *text);

/* Answers 503 when the route's handler rests. */
bool bounds_refuse(struct generation *generation, size_t route, struct request *req,
                   enum quarantine_pass *pass);
/* Answers for a handler that was stopped. */
void bounds_stopped(struct bounds *bounds, struct coroutine *coroutine, enum excess excess,
                    struct request *req);
/* The same for a job: why, as a sentence. */
void bounds_job_stopped(struct bounds *bounds, struct coroutine *coroutine, enum excess excess, char *ret,
                        size_t size);

#endif
