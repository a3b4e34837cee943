#ifndef PLATEIA_BINDINGS_CONTEXT_H
#define PLATEIA_BINDINGS_CONTEXT_H

/* context.h -- what the bindings of one Lua state reach: its worker's services, its generation's files, the
 * task that runs.
 *
 * Found through the state's extra space, which coroutines inherit, so no registry look-up is paid. Owned by
 * the generation. */

#include "../base/arena.h"
#include "../base/buf.h"
#include "task.h"
#include <lua.h>

struct board;
struct bus;
struct cache;
struct compiled;
struct counts;
struct hasher;
struct mailbox;
struct metrics;
struct metrics_writer;
struct query_set;
struct route_names;
struct settings;
struct share;
struct snapshot;
struct throttle;
struct token_memory;
struct tokens;

/* Of one worker; outlives every Lua state that uses it. */
struct services {
    struct share *db;
    struct cache *cache;
    struct bus *bus;
    struct board *board;
    struct throttle *throttle;
    struct hasher *hasher;
    struct mailbox *mailbox;
    struct tasks *tasks;
    const struct tokens *tokens;
    struct token_memory *token_memory;
    const struct settings *settings;
    struct metrics *metrics;
    struct metrics_writer *metrics_writer;
    struct counts *counts;           /* NULL: nobody counts */
    struct route_names *route_names; /* NULL: routes have no names */
    /* or NULL: nobody follows */
    void (*progress)(void *ctx, long done, long total, const char *what);
    void *progress_ctx;
};

struct context {
    const struct services *services;
    unsigned generation; /* its number; 0: of none */
    const struct snapshot *snapshot;
    const struct compiled *compiled; /* NULL: modules are compiled as they are required */
    const struct query_set *queries;
    unsigned calls;       /* statements that were asked for and not answered: they read from `queries` */
    struct task *running; /* NULL while modules load */
    const char *loading;  /* the chunk of the module that loads, or was the last to try; else NULL */
    struct buf scratch;   /* bytes on their way to Lua: owned here, so that a raise leaks nothing */
    struct buf written;   /* the same for an answer: while it is written, a metamethod may use the scratch */
    struct arena arena;   /* the same for small text; reset by whoever starts to use it */
    int decode;           /* registry reference of the JSON decoder */
};

static inline struct context *context_of(lua_State *L) {
    return *(struct context **)lua_getextraspace(L);
}

#endif
