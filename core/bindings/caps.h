#ifndef PLATEIA_BINDINGS_CAPS_H
#define PLATEIA_BINDINGS_CAPS_H

/* caps.h -- how large a thing one call of the standard library may make or go through.
 *
 * Whoever ends what runs too long sets a hook, and a loop in C does not look at it. So no call may take long:
 * about 50 ms at most. What is capped are calls whose work can exceed what they are given. No caps are needed
 * for what goes over a text once (lower, reverse, byte, unpack, tonumber, utf8: two to six ms a MiB), which
 * the memory of a Lua state bounds, as it bounds `..`; for table.unpack, which Lua's stack bounds; nor for
 * functions in C that a call calls in turn (gsub's, sort's, an __index): there the hook is looked at. */

#include <lua.h>
#include <stddef.h>

/* A file that scripts read has at most 8 MiB; a little more, so that it can be quoted. */
#define CAP_TEXT ((size_t)8 << 20 | (size_t)64 << 10)

/* Raises "string.rep: the result would be larger than 8 MiB". */
int caps_text_raise(lua_State *L, const char *function);

/* Raises so when `more` bytes do not fit behind `len`. */
static inline void caps_text(lua_State *L, const char *function, size_t len, size_t more) {
    if (len > CAP_TEXT || more > CAP_TEXT - len) caps_text_raise(L, function);
}

/* Has somebody set the hook? A loop of ours asks now and then, and raises: the hook does the rest. */
static inline int caps_stopped(lua_State *L) {
    return lua_gethookmask(L) != 0;
}

/* Puts `function` in front of the field `name` of the table on the top. It goes on with the function that it
 * guards by caps_stock: in its own frame, so that errors name the caller's line as ever. */
void caps_guard(lua_State *L, const char *name, lua_CFunction function);
int caps_stock(lua_State *L);

#endif
