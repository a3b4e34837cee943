#ifndef PLATEIA_SERVICES_DB_NEST_H
#define PLATEIA_SERVICES_DB_NEST_H

/* nest.h -- how a lease speaks when it is the only connection of its share, and all that is asked of the
 * share happens within transactions that somebody else ends (pool.h, `nested`). Private to the pool.
 *
 * The outermost mark is the transaction; marks within it are savepoints. Within the innermost, each statement
 * and each transaction that is asked for stands behind a savepoint of its own, so that its failure undoes
 * nothing but itself, as it would alone. Statements are never prepared: the schema may change under them and
 * change back. */

#include "../../base/buf.h"
#include "call.h"
#include "line.h"
#include <stdbool.h>

struct nest {
    unsigned depth; /* marks that are set; 0: nothing is nested, and what is done stays */
    bool read;      /* the latest statement was a read, and could not write: it leaves by undoing */
    bool lost;      /* the connection that the marks were set on is gone */
    struct buf arrays;
};

/* Sends what the call wants, or, within a transaction of the share's user (`held`), what he does there.
 * False: the line can no longer be sent to. */
bool nest_say(struct nest *nest, struct line *line, enum call_wish wish, struct call *call, bool held);
void nest_up(struct line *line);
void nest_down(struct nest *nest);

#endif
