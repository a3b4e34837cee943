/* asker.c -- asked once for each transaction, when it leaves, so no name is kept anywhere. */

#include "asker.h"
#include "../bindings/task.h"
#include "../exchange/request.h"
#include "generation.h"
#include "scheduler.h"
#include <stdio.h>
#include <string.h>

#define PREFIX  "plateia "
#define ID_MOST 36 /* characters of a request's id: one of ours, or a UUID */

static const struct task *find(const struct tasks *tasks, struct ticket who) {
    const struct task *task = who.slot < tasks->count ? tasks->slots[who.slot] : NULL;
    return task && task->live && task->ticket.serial == who.serial ? task : NULL;
}

/* The id stands whole behind as much of the route as there is room for. */
static void name_request(const struct request *req, char *ret, size_t size) {
    char what[64];
    int id = (int)strnlen(req->id, ID_MOST);
    int room = (int)(size - sizeof PREFIX) - id - 1;
    snprintf(what, sizeof what, "%s %s", method_name(req->method), req->route ? req->route : "");
    snprintf(ret, size, PREFIX "%.*s %.*s", room, what, id, req->id);
}

static void make_printable(char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~') *text = '?';
}

void asker_name(void *ctx, struct ticket who, char *ret, size_t size) {
    const struct task *task = find(scheduler_tasks(ctx), who);
    const struct coroutine *coroutine = task ? task->owner : NULL;
    ret[0] = '\0';
    if (task && task->req)
        name_request(task->req, ret, size);
    else if (coroutine && coroutine->place)
        snprintf(ret, size, PREFIX "%s", coroutine->place);
    make_printable(ret);
}
