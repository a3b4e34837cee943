#ifndef PLATEIA_SERVICES_DB_READ_H
#define PLATEIA_SERVICES_DB_READ_H

/* read.h -- the reads of a share: one connection, shared by all, pipelined. Private to the pool. */

#include "../../base/reactor.h"
#include "call.h"
#include "line.h"

struct reader {
    struct line line; /* first: the duty finds us by it */
    struct calls waiting;
    struct calls flight;         /* in the order of their answers */
    struct reactor_hook leaving; /* at the end of a turn in which someone came */
};

void read_open(struct reader *reader, struct share *share);
void read_close(struct reader *reader);
void read_submit(struct reader *reader, struct call *call); /* takes the call */

#endif
