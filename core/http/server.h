#ifndef PLATEIA_HTTP_SERVER_H
#define PLATEIA_HTTP_SERVER_H

/* server.h -- one worker's HTTP: a libmicrohttpd daemon in external-epoll mode inside the worker's reactor.
 *
 * It lets connections in (connection.h), collects a request, checks it (validate.h), calls the handler in the
 * library's final call, suspends only when the handler waits, has the answer given (answering.h) or the
 * socket given away (giveaway.h), logs one line, frees. Beside answering.c and admin.c the only file that
 * sees the library. Everything runs in the reactor's thread. Knows neither scripts nor the database. */

#include "../base/err.h"
#include "../exchange/request.h"

struct edges;
struct reactor;
struct server;
struct streams;
struct traffic;

struct server_options {
    int listen_fd;        /* bound and listening; the server closes it */
    unsigned connections; /* most connections at once, of this worker; more wait until idle ones made room */
    struct edges *edges;  /* NULL: no limits of that kind; outlives the server */
    size_t body_limit;    /* bytes; more is 413 */
    int64_t head_ns;      /* from connect, later from the request line, to the end of the head */
    int64_t body_ns;      /* from the head's end to the body's end; and for the answer on its way back */
    int64_t idle_ns;      /* from an answer to the next request line; after any of the three it is closed */
    bool access_log;      /* one line a request */
    bool server_timing;   /* answers carry Server-Timing */

    struct streams *streams; /* NULL: none are served; outlives the server */
    struct traffic *traffic; /* counts what this server answers; NULL: nobody does; outlives it too */
};

/* A listening socket on "host:port" ("0.0.0.0:8080", "[::]:8080", "localhost:0") with SO_REUSEPORT, so that
 * each worker has its own; ret_port (may be NULL) tells the port when 0 was asked. */
enum err_code server_listen(int *ret_fd, const char *host_port, unsigned *ret_port, struct err *err);

enum err_code server_new(struct server **ret, struct reactor *reactor, const struct server_options *options,
                         struct request_handler handler, struct err *err);

/* Stops accepting; answers what is under way with Connection: close, and closes connections that have no
 * request. Those already waiting in the accept queue are still served, as far as the limit has room. */
void server_drain(struct server *server);
/* Requests whose answer has not left yet. */
size_t server_pending(const struct server *server);
/* Connections that are open. */
size_t server_connections(const struct server *server);
/* Answers 503 to what still waits (through handler.cancel), sends what can be sent at once, frees. NULL is
 * fine. */
void server_free(struct server *server);

#endif
