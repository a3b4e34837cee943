#ifndef PLATEIA_EXCHANGE_SPENT_H
#define PLATEIA_EXCHANGE_SPENT_H

/* spent.h -- where a handler's (or a job's) time goes: it runs, and waits, and runs.
 *
 * Two looks at the clock for each stretch that it runs, where it begins and where it ends; what lies between
 * two stretches was waited. Part of a wait may have been spent in a queue: for a connection, for the batch
 * before, for a hasher; whoever brings the answer knows how much. The rest of a wait for a statement was the
 * database's. A wait that is neither (a password being hashed) counts nowhere but in the whole. */

#include <stddef.h>
#include <stdint.h>

struct spent {
    int64_t begun_ns, left_ns; /* when it first ran, when it last stopped running; 0: not yet */
    int64_t lua_ns, db_ns, queue_ns;
    int64_t slowest_ns;
    unsigned statements;
    const char *asked;   /* the statement that it waits for, BEGIN and COMMIT too; NULL: none */
    const char *slowest; /* its name, as long as the scripts that ran it */
};

/* What was waited for is there, or is waited for no more. */
static inline void spent_waited(struct spent *spent, int64_t now_ns, int64_t queued_ns) {
    int64_t waited_ns = now_ns - spent->left_ns;
    if (queued_ns > waited_ns) queued_ns = waited_ns;
    if (queued_ns > 0) spent->queue_ns += queued_ns;
    if (spent->asked) {
        int64_t took_ns = queued_ns > 0 ? waited_ns - queued_ns : waited_ns;
        spent->db_ns += took_ns;
        spent->statements++;
        if (took_ns >= spent->slowest_ns) spent->slowest_ns = took_ns, spent->slowest = spent->asked;
    }
    spent->asked = NULL;
    spent->left_ns = now_ns;
}

/* It begins to run; queued_ns: of the wait before, if there was one. */
static inline void spent_enter(struct spent *spent, int64_t now_ns, int64_t queued_ns) {
    if (spent->begun_ns == 0)
        spent->begun_ns = spent->left_ns = now_ns;
    else
        spent_waited(spent, now_ns, queued_ns);
}

/* It runs no more. */
static inline void spent_leave(struct spent *spent, int64_t now_ns) {
    spent->lua_ns += now_ns - spent->left_ns;
    spent->left_ns = now_ns;
}

#endif
