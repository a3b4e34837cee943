#ifndef PLATEIA_BASE_ARENA_H
#define PLATEIA_BASE_ARENA_H

/* arena.h -- memory that dies all at once, with the request it belongs to.
 *
 * Allocation moves a pointer; nothing is freed alone. arena_reset keeps one block for the next use, so a
 * reused arena allocates nothing in the steady state. One thread at a time. A zeroed struct is ready. */

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; /* the newest; older ones hang behind it */
    char *at, *end;
};

/* Memory aligned for any type, not cleared; NULL when memory ran out. */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy; NULL when memory ran out. */
char *arena_copy(struct arena *arena, const char *text, size_t len);
void arena_reset(struct arena *arena); /* frees all but one block of the usual size */
void arena_done(struct arena *arena);  /* frees everything */

#endif
