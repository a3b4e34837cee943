#ifndef PLATEIA_COMMAND_STUBS_H
#define PLATEIA_COMMAND_STUBS_H

/* stubs.h -- the files of core/reference, carried inside the binary: what script authors and their editors
 * are told of the prelude. */

#include <stddef.h>

struct stub_file {
    const char *name; /* "db.lua"; NULL ends the list */
    const char *text;
    size_t len;
};

extern const struct stub_file stub_files[];

#endif
