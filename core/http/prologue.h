#ifndef PLATEIA_HTTP_PROLOGUE_H
#define PLATEIA_HTTP_PROLOGUE_H

/* prologue.h -- what a client of a stream reads first: the answer's head, and the event `hello`.
 *
 * Pure. The head is written here because the connection has left the library that writes all others; it says
 * what those say. The body ends with the connection, so that it needs no framing and HTTP/1.0 reads it too.
 */

#include "../exchange/board.h"
#include "../exchange/request.h"
#include <stdint.h>

struct edges;

struct prologue {
    const struct request *req; /* answered with a stream */
    const struct edges *edges;
    const char *boot;  /* board_boot */
    unsigned retry_ms; /* how long the client is to wait before it connects again */
    int64_t wall_ms;   /* now */
};

/* Held once; NULL when memory ran out. */
struct frame *prologue_make(const struct prologue *given);

#endif
