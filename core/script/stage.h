#ifndef PLATEIA_SCRIPT_STAGE_H
#define PLATEIA_SCRIPT_STAGE_H

/* stage.h -- where the edition stands that is served: one pointer, which all workers look at, and their
 * seats, so that whoever publishes knows when all of them have looked.
 *
 * Does not own editions, nor what is in the seats. */

#include "../base/err.h"
#include "../base/mailbox.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct adopt;
struct edition;
struct services;
struct stage;

#define STAGE_SEATS 256

/* A worker's place. All of it must last until the worker is gone. */
struct stage_seat {
    const struct services *services;
    struct mailbox *mailbox;
    struct adopt *adopt;
};

struct stage_letter {
    struct mail mail; /* first */
    struct stage *stage;
    struct adopt *adopt;
};

struct stage {
    _Atomic(struct edition *) edition; /* NULL: none yet */
    struct stage_seat seats[STAGE_SEATS];
    size_t count;
    /* private */
    struct stage_letter letters[STAGE_SEATS];
    pthread_mutex_t lock;
    pthread_cond_t adopted;
    size_t waited_for; /* workers that have not looked yet */
};

void stage_init(struct stage *stage);
void stage_done(struct stage *stage);

/* Before anything is published. */
void stage_sit(struct stage *stage, const struct stage_seat *seat);

/* Before the workers run: each adopts it in the calling thread. */
void stage_open(struct stage *stage, struct edition *edition);
/* Every request that begins from now on gets it; returns when all workers have adopted it. One thread. */
void stage_publish(struct stage *stage, struct edition *edition);

#endif
