#ifndef PLATEIA_HTTP_READY_H
#define PLATEIA_HTTP_READY_H

/* ready.h -- answers that stand: given once, and kept as they went out, to be given again while they stand
 * (request.h, `standing`).
 *
 * A table of fixed size: each question has one place in it, by its target, its If-None-Match and its Origin,
 * and the later one gets it. So it is bounded, and whoever fills it with others only makes answers slower. An
 * answer itself is http's affair: opaque here, and released by a function. One thread at a time. */

#include "../exchange/request.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READY_PLACES        256
#define READY_MOST_BYTES    16384 /* of a body */
#define READY_MOST_QUESTION 1024  /* of the text that asks for it */

struct ready_answer {
    void *made; /* what http keeps; NULL: a free place */
    char *id;   /* where in it the request's id stands */
    int status;
    size_t bytes;      /* of its body */
    const char *route; /* set by ready_keep: lives as long as the answer stands here */
    unsigned route_name;
    unsigned generation;
    struct standing standing;
};

struct ready_place {
    struct ready_answer answer;
    size_t question_len;
    char *question; /* what asks for it, then the route */
};

struct ready {
    void (*release)(void *made);
    struct ready_place places[READY_PLACES];
};

void ready_init(struct ready *ready, void (*release)(void *made));
void ready_done(struct ready *ready);

/* The answer that this request, asking for `target`, would be given by scripts of that generation; NULL: ask
 * them. Valid until the next call of this file. */
const struct ready_answer *ready_find(struct ready *ready, const struct request *req, const char *target,
                                      unsigned generation, int64_t now_ns);

/* Takes over `answer`, which was just given; false when it is not to be kept: too large, or not standing. */
bool ready_keep(struct ready *ready, const struct request *req, const char *target,
                const struct ready_answer *answer, int64_t now_ns);

#endif
