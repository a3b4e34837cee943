#ifndef PLATEIA_HTTP_ANSWERING_H
#define PLATEIA_HTTP_ANSWERING_H

/* answering.h -- how a `struct answer` becomes the library's response and goes out on its connection; those
 * that stand are kept as the library has them, and given again.
 *
 * Private to server.c, which knows when. What is given is EXCHANGE_SENDING, and its client is waited for in
 * PHASE_SEND. Sees the library; knows neither the daemon nor the handler. In the worker's thread. */

#include "exchange.h"
#include "ready.h"
#include <stdbool.h>
#include <stdint.h>

struct server_options;

struct answering {
    const struct server_options *options;
    struct ready kept;
    bool draining; /* every answer closes its connection, and none is kept or given again */
};

void answering_init(struct answering *answering, const struct server_options *options);
void answering_done(struct answering *answering);

/* Gives the exchange its answer; one that HTTP cannot say is a 500. False: the connection is to be closed. */
bool answering_give(struct answering *answering, struct exchange *exchange, int64_t now_ns);

/* The kept answer that scripts of that generation would give again; NULL: ask them. Valid until the next call
 * of this file, which may be answering_give_again, false as above. */
const struct ready_answer *answering_find(struct answering *answering, const struct exchange *exchange,
                                          unsigned generation, int64_t now_ns);
bool answering_give_again(const struct answering *answering, struct exchange *exchange,
                          const struct ready_answer *answer);

#endif
