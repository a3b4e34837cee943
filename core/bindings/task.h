#ifndef PLATEIA_BINDINGS_TASK_H
#define PLATEIA_BINDINGS_TASK_H

/* task.h -- one running piece of script (a request's handler, or a job) as the bindings see it, and its way
 * to wait.
 *
 * A binding that waits: takes task_running(L), hands its ticket to a service, and ends with task_wait(L,
 * continuation). The service's answer comes to tasks_deliver, which keeps it as the task's outcome and
 * resumes the coroutine; the continuation turns the outcome into Lua values inside the protected coroutine,
 * where raising is safe because the task, not a C frame, owns what it holds. A ticket whose task has ended or
 * waits for something else already finds nobody: its outcome is freed in silence. One worker's thread. */

#include "../base/err.h"
#include "../base/ticket.h"
#include "../exchange/spent.h"
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct lease;
struct password_job;
struct request;
struct rows;

/* What a wait brought back. err.code says how it ended; the rest belongs to whoever holds the outcome. */
struct outcome {
    struct err err;
    struct rows *rows;
    struct lease *lease;
    struct password_job *job;
    int64_t queued_ns; /* of the wait, in a queue; more than all of it is all of it */
};
void outcome_done(struct outcome *outcome);

/* Something that a task must give back when it ends, whatever way it ends: a link in its list. */
struct holding {
    void (*give_back)(struct holding *holding);
    struct task *task; /* NULL: in nobody's list */
    struct holding *next;
};
void holding_add(struct task *task, struct holding *holding);
void holding_remove(struct holding *holding); /* in nobody's list is fine */

/* A function that runs once its task has ended well; a link in the task's list, then in the scheduler's. */
struct put_off {
    struct put_off *next;
    int function; /* registry reference */
};

struct task {
    struct ticket ticket;    /* of the present wait; the serial changes with each wait */
    bool live;               /* the slot is in use */
    lua_State *co;           /* its coroutine */
    struct request *req;     /* NULL for a job */
    struct request **handle; /* the script's handle on req; emptied when the task ends */
    struct holding *holdings;
    struct put_off *after; /* newest first; the scheduler takes it before the task is given back */
    struct outcome outcome;
    struct spent spent;
    void *owner;  /* the scheduler's own */
    unsigned age; /* looks of the scheduler that it has seen */
};

#define TASKS_PUT_OFF 1024

/* A worker's slots. */
struct tasks {
    struct task **slots;
    uint32_t count, room;
    uint32_t *idle; /* stack of free slots */
    uint32_t idle_count;
    unsigned put_off; /* functions that are put off, or run so: at most TASKS_PUT_OFF */
    void (*resume)(struct tasks *tasks, struct task *task); /* the scheduler's */
};

void tasks_init(struct tasks *tasks, void (*resume)(struct tasks *tasks, struct task *task));
void tasks_done(struct tasks *tasks); /* no task may be live */

/* A free slot's task with a new serial; NULL when memory ran out. */
struct task *tasks_take(struct tasks *tasks);
/* Ends it: handle dead, holdings given back, outcome freed, ticket stale. */
void tasks_give_back(struct tasks *tasks, struct task *task);

/* Moves *outcome to whoever waits under that ticket and resumes it; frees it when nobody does. */
void tasks_deliver(struct tasks *tasks, struct ticket who, struct outcome *outcome);

/* The task that runs now; raises where there is none (while modules load), and where it could not wait (in a
 * callback of a library function). `what` names the caller for the message. */
struct task *task_running(lua_State *L, const char *what);
/* Suspends the running task; the last thing a binding does. */
int task_wait(lua_State *L, lua_KFunction continuation);

/* Pushes nil, message, code (and SQLSTATE where there is one); returns how many. */
int task_push_failure(lua_State *L, const struct err *err);

#endif
