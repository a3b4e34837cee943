#ifndef PLATEIA_BINDINGS_PLACE_H
#define PLATEIA_BINDINGS_PLACE_H

/* place.h -- sees to it that what the scripts fail with begins with "scripts/routes/x.lua:3: ", so that an
 * editor finds the place.
 *
 * Lua shortens long names at their front ("...pts/routes/x.lua:3: "), and some messages have no place at all:
 * what was raised without one, or by a tail call (`return adapter { ... }`), which has lost its caller. Such
 * a message gets the module's own, at the line of its `return`. */

#include "../base/err.h"
#include <lua.h>
#include <stdbool.h>

struct module;
struct snapshot;

/* As lua_pcall(L, 1, 1, 0) of the module's function: false, and the message on the top. */
bool place_call(lua_State *L, const struct snapshot *snapshot, const struct module *module);

/* The same for a message that has left Lua; app.lua stands for whatever has no place. */
void place_err(struct err *err, const struct snapshot *snapshot);

/* The line of the file's first `text`; 0: there is none. A line break at its beginning stands before that
 * line. */
int place_line(const struct module *module, const char *text);

#endif
