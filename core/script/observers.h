#ifndef PLATEIA_SCRIPT_OBSERVERS_H
#define PLATEIA_SCRIPT_OBSERVERS_H

/* observers.h -- runs a generation's observers on the one worker that observes: the bus's reader.
 *
 * Events gather for each observer apart and are given to it together, as one text of a line each; one run at
 * a time, and with `every` at most one in that time. An observer without an event is a timer. A run is a job:
 * it may wait, and what it raises is logged and counted and harms no other. Beyond OBSERVERS_WAITING bytes an
 * observer loses its oldest events, counted. In the worker's thread, or before it starts and after it ended.
 */

#include "../base/err.h"
#include <stdint.h>

struct bus;
struct generation;
struct mailbox;
struct observers;
struct reactor;
struct scheduler;

#define OBSERVERS_WAITING (2u << 20)

/* Of one observer: what app.lua's table becomes. The generation's memory. */
struct observer_plan {
    char *on;         /* NULL: a timer */
    char *place;      /* file:line, for messages */
    int64_t every_ns; /* 0: whenever there is something */
    int function;     /* registry reference: takes the events' text, returns true, or nil and why */
};

struct observers_parts {
    struct scheduler *scheduler;
    struct generation *generation;
    struct bus *bus;
    struct reactor *reactor;
    struct mailbox *mailbox;
};

/* Starts reading the bus; timers run for the first time in the next turn. */
enum err_code observers_new(struct observers **ret, const struct observers_parts *parts, struct err *err);
void observers_stop(struct observers *observers); /* no further run begins; NULL is fine */
/* After the scheduler, whose jobs may still point here, and before the mailbox. NULL is fine. */
void observers_free(struct observers *observers);

#endif
