#ifndef PLATEIA_SCRIPT_COLLECTOR_H
#define PLATEIA_SCRIPT_COLLECTOR_H

/* collector.h -- gets back what scripts have left behind, a few milliseconds a turn, so that nobody waits for
 * it, and hands it to the system: a Lua state collects only while it allocates, and one that is full and
 * idle would stay so.
 *
 * One state at a time; while `generation->collecting` is set it must not be freed. One worker's thread. */

#include "../base/reactor.h"
#include <stdbool.h>

struct generation;

struct collector {
    struct reactor *reactor;
    struct reactor_timer timer;
    struct generation *generation; /* whose state is being collected, or NULL */
    int cycles;                    /* that are still to end */
    int64_t rests_until_ns;
    int64_t told_ns;
    /* A state stays three quarters full although it was collected: it wants to be replaced. At most once in
     * ten seconds; NULL: nobody is told. */
    void (*full)(void *ctx);
    void *ctx;
};

void collector_init(struct collector *collector, struct reactor *reactor);
void collector_done(struct collector *collector);

/* After a task has ended, or none could begin; `left`: it was stopped, and leaves much behind, perhaps. */
void collector_look(struct collector *collector, struct generation *generation, bool left);

#endif
