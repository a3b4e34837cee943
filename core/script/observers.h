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
#include <stdbool.h>

struct bus;
struct generation;
struct mailbox;
struct observers;
struct reactor;
struct scheduler;

#define OBSERVERS_WAITING (2u << 20)

/* Of a generation's plans; they do nothing yet. Any thread. */
enum err_code observers_new(struct observers **ret, struct generation *generation, struct err *err);

struct observers_parts {
    struct scheduler *scheduler;
    struct bus *bus;
    struct reactor *reactor;
    struct mailbox *mailbox;
};
/* Starts reading the bus, in place of whoever read it; timers run for the first time in the next turn. */
void observers_start(struct observers *observers, const struct observers_parts *parts);
/* Others read the bus now: what has gathered is given to its observers at once, and no timer fires again. */
void observers_retire(struct observers *observers);
/* None runs, and nothing waits. NULL is fine, as for all below. */
bool observers_over(const struct observers *observers);
void observers_stop(struct observers *observers); /* no further run begins */
/* After the scheduler, whose jobs may still point here. Who still reads the bus must have left it first. */
void observers_free(struct observers *observers);

#endif
