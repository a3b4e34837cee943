#ifndef PLATEIA_SCRIPT_PRELUDE_H
#define PLATEIA_SCRIPT_PRELUDE_H

/* prelude.h -- the Lua files of core/prelude, carried inside the binary as `plateia.NAME`. */

#include <stddef.h>

struct prelude_file {
    const char *name; /* "route" for core/prelude/route.lua; NULL ends the list */
    const char *text;
    size_t len;
};

extern const struct prelude_file prelude_files[];

#endif
