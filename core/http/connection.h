#ifndef PLATEIA_HTTP_CONNECTION_H
#define PLATEIA_HTTP_CONNECTION_H

/* connection.h -- a client's connection, from the door to its end: who may come in, and how many are there.
 *
 * Private to server.c, which opens and closes them, and answering.c, which answers on them. Knows sockets and
 * counts, but not the library that reads and writes there. In the worker's thread. */

#include "address.h"
#include "ip.h"
#include "patience.h"
#include <stdbool.h>
#include <stddef.h>

struct exchange;
struct server;
struct server_options;

struct connection {
    struct client client; /* first: patience finds us by it */
    struct server *server;
    struct MHD_Connection *mhd; /* the library's side of it */
    struct exchange *exchange;  /* NULL between requests */
    struct ip ip;
    char peer[ADDRESS_TEXT_SIZE];
    bool given_away; /* its socket is a stream's, and counts there */
};

/* Those of one worker. */
struct connections {
    const struct server_options *options; /* how many, whose limits, who counts */
    struct patience *patience;
    size_t count;
};

/* Lets it in, and patience begins; NULL: its address has too many, which it was told (`generation` is the one
 * that is named there; 0: none), or there is no memory. `server` and `mhd` are for the caller to set. */
struct connection *connection_open(struct connections *connections, const struct sockaddr *peer, int fd,
                                   unsigned generation);
/* It has no exchange any more; the socket is closed by whoever opened it. */
void connection_close(struct connections *connections, struct connection *connection);

/* No one else is let in until one closes. */
bool connections_full(const struct connections *connections);

#endif
