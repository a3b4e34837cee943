#ifndef PLATEIA_HTTP_EXCHANGE_H
#define PLATEIA_HTTP_EXCHANGE_H

/* exchange.h -- a request and what http keeps beside it, recycled with its arena.
 *
 * Knows neither sockets nor the library that parses. One thread at a time. */

#include "../exchange/request.h"
#include <stdbool.h>
#include <stddef.h>

struct connection;

enum exchange_state {
    EXCHANGE_HEAD,     /* the target is there, the headers are coming */
    EXCHANGE_BODY,     /* the headers were let in, a body may be coming */
    EXCHANGE_STARTING, /* inside handler.start */
    EXCHANGE_READY,    /* answered while inside handler.start */
    EXCHANGE_WAITING,  /* the handler waits */
    EXCHANGE_SENDING,  /* the answer was handed to the library */
    EXCHANGE_GONE      /* there is no one to answer */
};

struct exchange {
    struct request req; /* first: a handler's pointer is ours too */
    struct connection *connection;
    const char *target; /* as sent */
    enum exchange_state state;
    struct header *headers; /* req's own, to be filled */
    char *body;
    size_t header_room, body_room;
    size_t sent;           /* bytes of the answer's body */
    struct exchange *next; /* among the spare ones */
};

/* Spare exchanges; zeroed is empty. */
struct exchanges {
    struct exchange *spare;
    size_t count;
};

/* An exchange for this target, with path, query, empty body and start time set; NULL when memory ran out. */
struct exchange *exchange_take(struct exchanges *exchanges, const char *target, int64_t now_ns);
void exchange_give(struct exchanges *exchanges, struct exchange *exchange);
void exchange_done(struct exchanges *exchanges); /* frees the spare ones */

/* The head: room first, then each header; name and value must outlive the exchange. exchange_judge then sets
 * id and method; it returns 0 when the head may come in, else a status and the sentence to refuse it with. */
bool exchange_expect_headers(struct exchange *exchange, size_t count);
bool exchange_add_header(struct exchange *exchange, const char *name, const char *value, size_t value_len);
int exchange_judge(struct exchange *exchange, const char *method, const char *version, size_t body_limit,
                   const char **ret_detail);

/* The body of a head that was let in: room for what its Content-Length tells, then each piece. */
bool exchange_expect_body(struct exchange *exchange);
bool exchange_add_body(struct exchange *exchange, const char *bytes, size_t len);

/* The status it ended with; 499 where the client went before there was an answer. */
int exchange_status(const struct exchange *exchange);

/* One line in the log, under the request's own generation. */
void exchange_log(const struct exchange *exchange);

#endif
