#ifndef PLATEIA_SCRIPT_BACKGROUND_H
#define PLATEIA_SCRIPT_BACKGROUND_H

/* background.h -- functions that were put off until their task had ended: run as jobs, in the order of being
 * put off, a few at a time, in a later turn of the reactor than the one that ended the task (a turn's end is
 * when answers are sent). In memory, at most once. The scheduler's own. */

#include "../base/reactor.h"
#include <stdint.h>

struct generation;
struct put_off;
struct scheduler;

struct background {
    struct scheduler *scheduler;
    struct reactor *reactor;
    struct reactor_timer timer;
    struct reactor_hook hook;
    uint64_t turn;
    struct background_job *first, **last; /* waiting */
    struct background_job *running;
    unsigned running_count;
};

void background_init(struct background *background, struct scheduler *scheduler, struct reactor *reactor);
void background_done(struct background *background); /* what waits is forgotten */

/* Both take the list, newest first. */
void background_add(struct background *background, struct generation *generation, struct put_off *list);
void background_drop(struct background *background, struct generation *generation, struct put_off *list);

/* Forgets what still waits of a generation that has to end. */
void background_end(struct background *background, struct generation *generation);

#endif
