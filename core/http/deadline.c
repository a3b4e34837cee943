/* deadline.c -- queues of connections, one a phase. See the header for why queues are enough. */

#include "deadline.h"
#include <stddef.h>

void deadline_init(struct deadlines *deadlines) {
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct deadline *queue = &deadlines->queues[phase];
        queue->next = queue->prev = queue;
        deadlines->allowed_ns[phase] = INT64_MAX;
    }
}

void deadline_leave(struct deadline *deadline) {
    if (!deadline->next) return;
    deadline->next->prev = deadline->prev;
    deadline->prev->next = deadline->next;
    deadline->next = deadline->prev = NULL;
}

void deadline_enter(struct deadlines *deadlines, struct deadline *deadline, enum phase phase,
                    int64_t now_ns) {
    struct deadline *queue = &deadlines->queues[phase];
    int64_t allowed_ns = deadlines->allowed_ns[phase];
    deadline_leave(deadline);
    deadline->phase = phase;
    deadline->due_ns = allowed_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + allowed_ns;
    deadline->prev = queue->prev;
    deadline->next = queue;
    queue->prev->next = deadline;
    queue->prev = deadline;
}

struct deadline *deadline_first(struct deadlines *deadlines, enum phase phase) {
    struct deadline *queue = &deadlines->queues[phase];
    return queue->next == queue ? NULL : queue->next;
}

struct deadline *deadline_due(struct deadlines *deadlines, enum phase phase, int64_t now_ns) {
    struct deadline *first = deadline_first(deadlines, phase);
    return first && first->due_ns <= now_ns ? first : NULL;
}
