#ifndef PLATEIA_SCRIPT_COMPILED_H
#define PLATEIA_SCRIPT_COMPILED_H

/* compiled.h -- a snapshot's files and the prelude, compiled once for however many states will run them.
 *
 * Bytecode of our own making, in our own memory: no other is ever loaded. Every file is compiled, also one
 * that nobody requires. Constant once made: any thread. */

#include "../base/err.h"
#include <lua.h>

struct compiled;
struct module;
struct prelude_file;
struct snapshot;

/* ERR_INVALID: "file:line: reason" of the first file that does not compile. The snapshot is borrowed. What
 * stands in `former` (may be NULL) with the same text is copied from there. */
enum err_code compiled_new(struct compiled **ret, const struct snapshot *snapshot,
                           const struct compiled *former, struct err *err);
void compiled_free(struct compiled *compiled); /* NULL is fine */

/* Pushes the file's function, or raises. With NULL for `compiled` it is compiled here and now. */
void compiled_push(lua_State *L, const struct compiled *compiled, const struct module *module);
void compiled_push_prelude(lua_State *L, const struct compiled *compiled, const struct prelude_file *file);

#endif
