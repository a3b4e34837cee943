#ifndef PLATEIA_SERVICES_DB_BATCH_H
#define PLATEIA_SERVICES_DB_BATCH_H

/* batch.h -- the batched writes of a share: one connection with a slot of its own, one statement in flight.
 * Private to the pool. */

#include "../../base/buf.h"
#include "../../base/reactor.h"
#include "call.h"
#include "line.h"
#include <stdbool.h>

#define BATCH_CALLS KEY_SET_KEYS /* that leave together */

struct batcher {
    struct line line; /* first: the duty finds us by it */
    struct calls waiting;
    struct reactor_hook leaving;      /* at the end of a turn in which someone came, or the flight was back */
    struct call *flight[BATCH_CALLS]; /* by their keys; NULL: told */
    size_t count;                     /* of the flight; 0: nothing is out */
    size_t at, size;                  /* the part of it that is out: its row n is flight[at + n - 1] */
    bool again;                       /* the part left a second time */
    struct rows *rows;                /* the statement's outcome, until its commit is known */
    struct err err;
    struct key_set keys; /* room for gathering, kept */
    struct buf arrays;   /* room for the parameters, kept */
};

void batch_open(struct batcher *batcher, struct share *share);
void batch_close(struct batcher *batcher);
void batch_submit(struct batcher *batcher, struct call *call); /* takes the call */

/* Sends calls of one statement as its arrays, which are written over what *arrays holds. False as line_run,
 * or when memory ran out. */
bool batch_send(struct line *line, struct call *const *calls, size_t count, struct buf *arrays, bool again);

#endif
