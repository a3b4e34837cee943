#ifndef PLATEIA_HTTP_TIMING_H
#define PLATEIA_HTTP_TIMING_H

/* timing.h -- the value of an answer's Server-Timing: milliseconds in Lua, at the database, in queues, and in
 * all.
 *
 * It always has the same length, so that one in an answer that was kept can be written anew in its place. */

#include "../exchange/spent.h"
#include <stdint.h>

#define TIMING_SIZE 96 /* with its NUL */

void timing_write(char ret[TIMING_SIZE], const struct spent *spent, int64_t total_ns);

#endif
