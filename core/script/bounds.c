/* bounds.c -- every word about time and memory that scripts do not have. */

#include "bounds.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../exchange/counts.h"
#include "../exchange/problem.h"
#include "budget.h"
#include "generation.h"
#include <stdio.h>
#include <string.h>

/* Lua's own words; what raises them has neither place nor trace. */
#define OUT_OF_MEMORY "not enough memory"
#define OUT_OF_STACK  ": stack overflow" /* behind a place */

static bool is_overflow(const char *text) {
    const char *found = strstr(text, OUT_OF_STACK);
    return found && found < text + strcspn(text, "\n");
}

enum excess bounds_judge(bool killed, int status, const char *text) {
    if (killed) return EXCESS_TIME;
    if (status == LUA_ERRMEM) return EXCESS_MEMORY;
    if (status == LUA_OK || !text) return EXCESS_NONE;
    if (strcmp(text, OUT_OF_MEMORY) == 0) return EXCESS_MEMORY;
    return is_overflow(text) ? EXCESS_STACK : EXCESS_NONE;
}

/* ---- a handler that rests ---- */

static void say_resting(struct request *req, int64_t left_ns) {
    char detail[300], seconds[24];
    int left_s = (int)((left_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S);
    if (left_s < 1) left_s = 1;
    snprintf(seconds, sizeof seconds, "%d", left_s);
    snprintf(detail, sizeof detail,
             "this handler was stopped and rests: it is tried again in %d s; request %s", left_s, req->id);
    answer_header(req, "Retry-After", seconds);
    problem_say(req, 503, detail);
}

bool bounds_refuse(struct generation *generation, size_t route, struct request *req,
                   enum quarantine_pass *pass) {
    int64_t left_ns = 0;
    *pass = quarantine_ask(generation->quarantine, route, &left_ns);
    if (*pass != QUARANTINE_RESTS) return false;
    say_resting(req, left_ns);
    return true;
}

/* ---- one that was stopped ---- */

static int64_t account(struct coroutine *coroutine, enum excess excess) {
    static const enum counts_killed why[] = {
        [EXCESS_TIME] = COUNTS_TIME, [EXCESS_MEMORY] = COUNTS_MEMORY, [EXCESS_STACK] = COUNTS_STACK};
    counts_killed(coroutine->generation->context.services->counts, why[excess]);
    int64_t rest_ns = quarantine_killed(coroutine->quarantine, coroutine->number, coroutine->pass);
    coroutine->quarantine = NULL; /* told */
    return rest_ns / CLOCK_NS_PER_MS;
}

static void word(const struct bounds *bounds, const struct coroutine *coroutine, enum excess excess,
                 char *ret, size_t size) {
    const struct generation *generation = coroutine->generation;
    if (excess == EXCESS_TIME)
        snprintf(ret, size, "more than %lld ms at %s", (long long)(coroutine->limit_ns / CLOCK_NS_PER_MS),
                 budget_place(bounds->seat));
    else if (excess == EXCESS_MEMORY)
        snprintf(ret, size, "more memory than its Lua state may hold, %zu bytes", generation->memory_limit);
    else
        snprintf(ret, size, "more calls within calls than Lua can hold, at %.200s",
                 lua_tostring(coroutine->co, -1));
    ret[strcspn(ret, "\n")] = '\0';
}

void bounds_stopped(struct bounds *bounds, struct coroutine *coroutine, enum excess excess,
                    struct request *req) {
    char reason[300], detail[300];
    word(bounds, coroutine, excess, reason, sizeof reason);
    log_event(LOG_ERROR, "handler stopped", log_text("request_id", req->id),
              log_text("method", method_name(req->method)), log_text("route", req->route),
              log_text("reason", reason));
    int64_t rest_ms = account(coroutine, excess);
    if (rest_ms)
        log_event(LOG_ERROR, "a handler was stopped too often: it rests, unless scripts are loaded anew",
                  log_text("method", method_name(req->method)), log_text("route", req->route),
                  log_int("milliseconds", rest_ms));
    snprintf(detail, sizeof detail, "the handler was stopped: it used more than its %s; request %s",
             excess == EXCESS_TIME     ? "time"
             : excess == EXCESS_MEMORY ? "memory"
                                       : "stack",
             req->id);
    answer_reset(req);
    problem_say(req, 503, detail);
}

void bounds_job_stopped(struct bounds *bounds, struct coroutine *coroutine, enum excess excess, char *ret,
                        size_t size) {
    char reason[300];
    word(bounds, coroutine, excess, reason, sizeof reason);
    int64_t rest_ms = account(coroutine, excess);
    if (rest_ms)
        snprintf(ret, size, "stopped: it used %s; it rests for %lld ms", reason, (long long)rest_ms);
    else
        snprintf(ret, size, "stopped: it used %s", reason);
}
