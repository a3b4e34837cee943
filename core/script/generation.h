#ifndef PLATEIA_SCRIPT_GENERATION_H
#define PLATEIA_SCRIPT_GENERATION_H

/* generation.h -- one snapshot of scripts and queries as one worker runs it: a Lua state, its router, its
 * coroutines, and the ledger of what still runs on it.
 *
 * Built whole or not at all; after that only its own worker's thread touches it (but `tasks`, which may be
 * read from anywhere), until it is over. Snapshot, queries and services are borrowed and outlive it. */

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/meter.h"
#include "../bindings/context.h"
#include "../exchange/router.h"
#include "quarantine.h"
#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct observers;

/* A coroutine and what it runs; reused for request after request. */
struct coroutine {
    struct generation *generation;
    lua_State *co;
    int anchor;   /* registry reference that keeps it alive */
    int function; /* registry reference of what it runs */
    bool patient; /* a job that may take as long as it likes, although its generation is being replaced */
    struct coroutine *next;
    int64_t limit_ns; /* each time it runs until it waits or ends */
    /* which handler it runs, and how it was let in; NULL: of no account, or told already */
    struct quarantine *quarantine;
    size_t number;
    enum quarantine_pass pass;
    /* a job's own */
    const char *const *args;
    int arg_count;
    void (*ended)(void *ctx, bool fine, const char *text);
    void *ctx;
};

/* Of one observer: what app.lua's table becomes. The generation's memory. */
struct observer_plan {
    char *on;         /* NULL: a timer */
    char *place;      /* file:line, for messages */
    int64_t every_ns; /* 0: whenever there is something */
    int function;     /* registry reference: takes the events' text, returns true, or nil and why */
};

struct generation {
    unsigned number; /* its edition's; 0: of none */
    lua_State *L;
    struct context context;
    struct router *router;
    int *runs; /* registry references of the routes' functions, by route number */
    size_t run_count;
    unsigned *names;           /* of the routes in route_names.h, by route number */
    int seed, import, openapi; /* references, or LUA_NOREF */
    struct observer_plan *plans;
    size_t plan_count;
    struct observers *observers; /* made and freed by the edition; NULL is fine */
    struct meter memory;         /* bytes that Lua has; read from anywhere, like `tasks` */
    size_t memory_limit;
    bool collecting;               /* the collector (collector.h) is at work in its state */
    struct quarantine *quarantine; /* borrowed, shared with its edition's others; NULL is fine */
    struct coroutine *idle;        /* finished ones, ready for the next */
    unsigned idle_count;
    /* the ledger: with what the context counts and the observers, all that must end before it can go */
    atomic_uint tasks;       /* coroutines that run or wait; written by its worker alone */
    unsigned put_off;        /* functions that wait in the background */
    int64_t ends_ns;         /* once replaced: when what is left is ended */
    struct generation *next; /* in a list of its worker */
};

struct generation_parts {
    const struct services *services;
    const struct snapshot *snapshot;
    const struct compiled *compiled; /* may be NULL */
    const struct query_set *queries;
    unsigned number;
    size_t memory_limit;      /* bytes */
    struct budget_seat *seat; /* of the thread that builds it; NULL: loading takes as long as it likes */
    int64_t load_ns;          /* for loading */
};

enum err_code generation_new(struct generation **ret, const struct generation_parts *parts, struct err *err);
void generation_free(struct generation *generation); /* once it is over; any thread; NULL is fine */

static inline size_t generation_memory(const struct generation *generation) {
    return (size_t)meter_read(&generation->memory);
}

/* Nothing runs or waits on it, and no statement reads from its queries. */
bool generation_over(const struct generation *generation);

/* Routes, then observers: so the quarantine numbers them. */
size_t generation_handlers(const struct generation *generation);

/* Appends the API's description as JSON (OpenAPI 3.1). In the thread that built it, or its worker's. */
enum err_code generation_describe(struct generation *generation, struct buf *ret, struct err *err);

/* An idle coroutine, or a new one; NULL when the state's memory is at its limit. */
struct coroutine *generation_coroutine(struct generation *generation);
/* Gives it back for reuse, or, when `spoilt` (it raised, or was left waiting), for the collector. */
void generation_give_back(struct generation *generation, struct coroutine *coroutine, bool spoilt);

#endif
