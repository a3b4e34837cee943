#ifndef PLATEIA_SCRIPT_SLOW_H
#define PLATEIA_SCRIPT_SLOW_H

/* slow.h -- the line of the log that tells of a handler, or other work, that took long, and where its time
 * went. The scheduler's own; one worker's thread. */

#include "../bindings/task.h"
#include <stdint.h>

/* Of a task that is about to end, after its answer was made; slow_ns 0: nothing is slow. */
void slow_look(const struct task *task, int64_t slow_ns);

#endif
