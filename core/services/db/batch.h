#ifndef PLATEIA_SERVICES_DB_BATCH_H
#define PLATEIA_SERVICES_DB_BATCH_H

/* batch.h -- the batched writes of a share: one connection with a slot of its own, one statement in flight.
 * Private to the pool. */

#include "../../base/buf.h"
#include "call.h"
#include "line.h"
#include <stdbool.h>

#define BATCH_CALLS 1 /* that leave together */

struct batcher {
    struct line line; /* first: the duty finds us by it */
    struct calls waiting;
    struct call *flight[BATCH_CALLS]; /* the call of the statement's row n is flight[n - 1] */
    size_t count;
    bool again;        /* the flight left a second time */
    struct rows *rows; /* the statement's outcome, until its commit is known */
    struct err err;
    struct buf arrays; /* room for the parameters, kept */
};

void batch_open(struct batcher *batcher, struct share *share);
void batch_close(struct batcher *batcher);
void batch_submit(struct batcher *batcher, struct call *call); /* takes the call */

#endif
