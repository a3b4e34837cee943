/* slow.c -- told where the scripts are still there, so that neither the route's place nor a statement's name
 * has to be copied for the many that are not slow. */

#include "slow.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../exchange/trace.h"
#include "generation.h"

#define STATUS_GONE 499 /* as in the access log: nobody waited for the answer any more */
#define FIELDS      16

static double ms(int64_t ns) {
    return (double)ns / (double)CLOCK_NS_PER_MS;
}

static size_t add_request(struct request *req, struct log_field *fields) {
    size_t count = 0;
    fields[count++] = log_text("request_id", req->id);
    count += request_trace_fields(req, fields + count);
    fields[count++] = log_text("method", method_name(req->method));
    fields[count++] = log_text("route", req->route);
    fields[count++] = log_int("status", req->answer.status ? req->answer.status : STATUS_GONE);
    return count;
}

static size_t add_spent(const struct spent *spent, struct log_field *fields) {
    size_t count = 0;
    fields[count++] = log_real("ms", ms(spent->left_ns - spent->begun_ns));
    fields[count++] = log_real("lua_ms", ms(spent->lua_ns));
    fields[count++] = log_real("db_ms", ms(spent->db_ns));
    fields[count++] = log_real("queue_ms", ms(spent->queue_ns));
    fields[count++] = log_int("statements", spent->statements);
    if (spent->slowest) fields[count++] = log_text("slowest", spent->slowest);
    if (spent->slowest) fields[count++] = log_real("slowest_ms", ms(spent->slowest_ns));
    return count;
}

/* What an operator asked for is long by nature. */
void slow_look(const struct task *task, int64_t slow_ns) {
    const struct coroutine *coroutine = task->owner;
    struct log_field fields[FIELDS];
    size_t count = 0;
    if (slow_ns == 0 || task->spent.left_ns - task->spent.begun_ns < slow_ns || coroutine->patient) return;
    unsigned before = log_generation(coroutine->generation->number);
    if (task->req) count += add_request(task->req, fields);
    count += add_spent(&task->spent, fields + count);
    if (coroutine->place) fields[count++] = log_text("script", coroutine->place);
    log_write(task->req ? LOG_WARN : LOG_INFO, task->req ? "slow request" : "slow work", fields, count);
    log_generation(before);
}
