#ifndef PLATEIA_HTTP_DEADLINE_H
#define PLATEIA_HTTP_DEADLINE_H

/* deadline.h -- how long a connection may stay in a phase.
 *
 * All connections of a phase have the same time, so each phase is a queue in the order of entering: entering
 * and leaving cost a few pointers, and only the front has to be looked at. Knows neither sockets nor clocks.
 * One thread at a time. A zeroed struct deadline is in no phase. */

#include <stdint.h>

enum phase {
    PHASE_HEAD,      /* a head is on its way, or a new connection has said nothing yet */
    PHASE_BODY,      /* a body is on its way */
    PHASE_WORK,      /* the handler waits for something */
    PHASE_SEND,      /* an answer is on its way */
    PHASE_IDLE,      /* kept alive, no request */
    PHASE_UNWATCHED, /* beside one of these, by a deadline of its own: too short for the client to be watched
                      */
    PHASE_COUNT
};

struct deadline {
    struct deadline *next, *prev; /* NULL: in no phase */
    enum phase phase;
    int64_t due_ns;
};

struct deadlines {
    struct deadline queues[PHASE_COUNT]; /* rings; the queue itself is the place between last and first */
    int64_t allowed_ns[PHASE_COUNT];
};

/* Sets up empty queues; the caller then fills allowed_ns, where INT64_MAX is for ever. */
void deadline_init(struct deadlines *deadlines);

/* Out of the phase it is in (if any), to the end of `phase`. */
void deadline_enter(struct deadlines *deadlines, struct deadline *deadline, enum phase phase, int64_t now_ns);
void deadline_leave(struct deadline *deadline); /* in no phase is fine */

/* The one that has been in the phase longest; NULL when there is none. deadline_due: only if its time is up.
 */
struct deadline *deadline_first(struct deadlines *deadlines, enum phase phase);
struct deadline *deadline_due(struct deadlines *deadlines, enum phase phase, int64_t now_ns);

#endif
