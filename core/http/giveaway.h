#ifndef PLATEIA_HTTP_GIVEAWAY_H
#define PLATEIA_HTTP_GIVEAWAY_H

/* giveaway.h -- sockets that leave a worker's daemon for the streams, though the daemon cannot let go of one.
 *
 * In two steps, as the first may fail and the second needs a daemon that looks away. Private to server.c, who
 * makes it look away. Knows descriptors, not the library that reads from them. In the worker's thread. */

#include "../base/err.h"
#include <stdbool.h>

struct ip;
struct request;
struct seat;
struct streams;

struct giveaway {
    struct streams *streams;
    int dead; /* a socket whose other end is closed; -1: none */
};

/* A socket on its way: both are there, or neither. */
struct gift {
    struct seat *seat;
    int fd;
};

/* `streams` outlives it; NULL: nothing is to be given away. */
enum err_code giveaway_open(struct giveaway *giveaway, struct streams *streams, struct err *err);
void giveaway_close(struct giveaway *giveaway);

/* True: the answered request is for a stream, and there is a seat for `ip`, who sits on `fd`; the gift must
 * be handed over. False: the answer is one as any other; where there was no room, it says so from now on. */
bool giveaway_wrap(const struct giveaway *giveaway, struct request *req, const struct ip *ip, int fd,
                   struct gift *ret);
/* The streams have the socket, and `fd` is a dead one, for whoever owned it to close. Nobody may be waiting
 * for `fd` in an epoll, which would go on telling of the socket. */
void giveaway_hand_over(const struct giveaway *giveaway, const struct gift *gift, int fd);

#endif
