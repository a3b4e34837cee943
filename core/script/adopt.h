#ifndef PLATEIA_SCRIPT_ADOPT_H
#define PLATEIA_SCRIPT_ADOPT_H

/* adopt.h -- one worker's way from one generation to the next.
 *
 * The worker looks at the stage before each request, and whenever it is told to: where another edition stands
 * there, its own generation of that takes over, observers included, and the former one is left to finish what
 * it has begun. Once nothing of that is left (or after `patience_ns`, ended), it is handed to `closed`, which
 * may free it in any thread. In the worker's thread, or before it starts and after it ended. */

#include "../base/mailbox.h"
#include "../base/reactor.h"
#include "edition.h"
#include "observers.h"
#include "stage.h"
#include <stdbool.h>

struct generation;
struct scheduler;

struct adopt_parts {
    struct stage *stage;
    size_t index; /* which generation of an edition is this worker's */
    struct scheduler *scheduler;
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct bus *bus;
    int64_t patience_ns;
    void (*closed)(void *ctx, struct generation *generation);
    void *ctx;
};

struct adopt {
    struct adopt_parts parts;
    struct edition *edition; /* whose generation is `current`; NULL at first */
    struct generation *current;
    bool observes, stopped;
    struct reactor_hook hook;   /* looks for generations that are over */
    struct reactor_timer timer; /* ends those that are not in time */
};

void adopt_open(struct adopt *adopt, const struct adopt_parts *parts);
/* This worker is the one that observes, from now on. */
void adopt_observe(struct adopt *adopt);
/* No observer begins another run: the server is about to end. */
void adopt_stop(struct adopt *adopt);
/* After the scheduler is gone. Generations stay their editions'. */
void adopt_close(struct adopt *adopt);

void adopt_switch(struct adopt *adopt, struct edition *edition);

/* The generation that a request gets now. */
static inline struct generation *adopt_current(struct adopt *adopt) {
    struct edition *edition = atomic_load_explicit(&adopt->parts.stage->edition, memory_order_acquire);
    if (edition != adopt->edition) adopt_switch(adopt, edition);
    return adopt->current;
}

#endif
