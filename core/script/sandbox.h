#ifndef PLATEIA_SCRIPT_SANDBOX_H
#define PLATEIA_SCRIPT_SANDBOX_H

/* sandbox.h -- the world a script lives in: chosen library functions, frozen, and a `require` of its own.
 *
 * Two circles in one state. The prelude (ours) has the standard library and plateia.raw; scripts have neither
 * io, os (but time, date, clock), package, load, debug, coroutine, collectgarbage nor xpcall, cannot set
 * globals, and get the prelude's modules as read-only views. Only source text is ever loaded, never bytecode.
 */

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens libraries, bindings and both circles in a fresh state whose extra space holds its context. Raises. */
void sandbox_open(lua_State *L);

/* Pushes a script's module, loading it when it is the first time; raises with file:line. */
void sandbox_require(lua_State *L, const char *name);

/* Takes the table on the top and pushes the function of a text that is no module: what the table has not, it
 * gets from the scripts' base. False: it does not compile, and why is pushed. */
bool sandbox_chunk(lua_State *L, const char *text, size_t len, const char *chunk);

/* Pushes a prelude module that scripts do not see. Raises. */
void sandbox_prelude(lua_State *L, const char *name);

#endif
