#ifndef PLATEIA_SCRIPT_TRIAL_H
#define PLATEIA_SCRIPT_TRIAL_H

/* trial.h -- what a run of specs has beyond a server: raw.trial, in the Lua states of a worker whose services
 * name one. The rest is prelude/test*.lua, which only such states load.
 *
 *   files() -> { path, ... }        load(number, globals) -> function | nil, message
 *   mark(), undo()                  wait: share_mark, share_undo
 *   sql(text, ...) -> rows          waits: a statement that no file holds; its parameters are text
 *   request(method, path, query, { name, value, ... }, body, peer) -> status, body, { name, value, ... }
 *                                   waits: what the worker answers, without a socket
 *
 * One worker's thread. */

#include "../exchange/request.h"
#include "../services/texts.h"
#include <lua.h>
#include <stddef.h>

struct query;

struct trial {
    struct texts files;
    struct request_handler handler; /* the worker's own */
    /* what sql() has made, until the end: statements may still read from them */
    struct query **queries;
    size_t query_count;
};

void trial_done(struct trial *trial); /* after the pool */

/* Adds `trial` to raw. Raises. */
void trial_open(lua_State *L);

#endif
