#ifndef PLATEIA_SERVICES_DB_CALL_H
#define PLATEIA_SERVICES_DB_CALL_H

/* call.h -- one thing that was asked of a share, and queues of them. Private to the pool. */

#include "../../base/meter.h"
#include "../../base/ticket.h"
#include "key.h"
#include "query.h"
#include <stdbool.h>
#include <stdint.h>

struct call {
    struct call *next;
    struct ticket who;
    const struct query *query; /* NULL: BEGIN, COMMIT */
    int64_t deadline_ns;       /* while it waits to leave */
    unsigned epoch;            /* of the connection, when it left */
    bool again;                /* it left a second time */
    struct key key;            /* of a batch's */
    const char *params[];      /* the query's param_count; their bytes stand behind */
};

struct calls {
    struct call *head, *tail;
    struct meter count;
};

/* One block, for free(); NULL when memory ran out. */
struct call *call_new(const struct query *query, const char *const *params, struct ticket who,
                      int64_t deadline_ns);

void calls_push(struct calls *calls, struct call *call);
void calls_push_front(struct calls *calls, struct call *call);
struct call *calls_pop(struct calls *calls); /* NULL when empty */
/* The one behind `before`, which is one of them; NULL: the first. NULL when there is none. */
struct call *calls_pop_behind(struct calls *calls, struct call *before);
struct calls calls_take(struct calls *calls); /* all that are there, in a queue of their own */
void calls_drop(struct calls *calls);         /* frees all */

static inline unsigned calls_count(const struct calls *calls) {
    return (unsigned)meter_read(&calls->count);
}

#endif
