#ifndef PLATEIA_BINDINGS_BINDINGS_H
#define PLATEIA_BINDINGS_BINDINGS_H

/* bindings.h -- the list of C tables that Lua gets, as fields of `plateia.raw`. The prelude builds on it;
 * scripts never see it. */

#include <lua.h>

struct buf;
struct query;
struct request;

/* Pushes the table `plateia.raw`. Raises; the state's extra space holds its context. */
int bindings_open(lua_State *L);

/* Each file's own part: pushes its table (or function). */
int bindings_db(lua_State *L);
int bindings_json(lua_State *L);
void bindings_shape(lua_State *L); /* sets its functions in json's table, on the top */
int bindings_form(lua_State *L);
int bindings_password(lua_State *L);
int bindings_jwt(lua_State *L);
int bindings_metrics(lua_State *L);
int bindings_crypto(lua_State *L);
int bindings_cache(lua_State *L);
int bindings_cache_due(lua_State *L);
int bindings_throttle(lua_State *L);
int bindings_log(lua_State *L);
int bindings_flush(lua_State *L);
int bindings_clock(lua_State *L);
int bindings_bus(lua_State *L);
int bindings_stream(lua_State *L);
int bindings_background(lua_State *L);
int bindings_files(lua_State *L, int raw); /* sets its functions, and generation, in the table at `raw` */

/* The standard library: each puts ours in the place of what could run for ever, in the table on the top
 * (caps.h). */
void bindings_string(lua_State *L); /* find, match, gmatch, gsub: a pattern has a budget */
void bindings_text(lua_State *L);   /* rep, format, pack */
void bindings_table(lua_State *L);  /* concat, insert, move, remove, sort */
void bindings_os(lua_State *L);     /* date */
int bindings_print(lua_State *L);   /* print itself: a line of the log */

/* Appends the value at `index` as JSON to *out, which must be the context's scratch or outlive a raise. */
void bindings_encode(lua_State *L, int index, struct buf *out);

/* Runs a query, whose parameters are the arguments from `first` on, and returns its rows, or nil, message and
 * code; the last thing a binding does. The query outlives the generation's calls. */
int bindings_run(lua_State *L, const struct query *query, int first);

/* The request handle: pushes a new one for req and returns where it holds its pointer (emptied when the
 * request ends). */
struct request **bindings_push_request(lua_State *L, struct request *req);
/* The request behind the handle at `index`; raises where there is none, or its request is over. */
struct request *bindings_request_of(lua_State *L, int index);
int bindings_request(lua_State *L); /* makes its metatable, leaves nothing on the stack */

#endif
