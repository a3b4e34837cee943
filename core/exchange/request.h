#ifndef PLATEIA_EXCHANGE_REQUEST_H
#define PLATEIA_EXCHANGE_REQUEST_H

/* request.h -- one HTTP exchange: what was asked, what is answered. Where http and script meet.
 *
 * The http side makes the request, fills the question, and frees it; all text in it lives as long as it. It
 * calls handler.start in the worker's thread, once the whole body is there. The handler either fills `answer`
 * before it returns (REQUEST_ANSWERED), or keeps the pointer, and later, in the same thread, fills it and
 * calls request_answered once (REQUEST_WAITING). When a waiting request's client has gone, http calls
 * handler.cancel: after it returns the handler must not touch the request again. A handler that may take long
 * has looked at the clock when it is done (clock_ns), so that http need not. No library is named here. */

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/standing.h"
#include "spent.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT
};
const char *method_name(enum method method); /* NULL for METHOD_COUNT */
/* METHOD_COUNT when the name is none of ours. */
enum method method_from(const char *name);

struct header {
    const char *name, *value;
};

#define REQUEST_ID_SIZE  129 /* 128 characters of [A-Za-z0-9._-] and a NUL */
#define REQUEST_ID_USUAL 32  /* characters of one that we made */

struct trace;

struct answer {
    int status; /* 0 until answered */
    struct header *headers;
    size_t header_count, header_room;
    struct buf body; /* http takes the memory over when it sends */
    /* In place of `body`: bytes that stay as they are for as long as anything is sent. Nothing is copied. */
    const char *lent;
    size_t lent_len;
    /* While it holds, whoever asks for the same target without a body, with the same If-None-Match, and gets
     * scripts of the same generation, would be given the same; so http need not ask the handler. */
    struct standing standing;
    const char *stream; /* of GET: in place of a body, the stream (board.h) that the connection becomes */
};

struct request {
    struct arena arena;
    char id[REQUEST_ID_SIZE]; /* X-Request-Id: the client's when well-formed, else ours */
    enum method method;
    const char *path;  /* raw, as sent, without the query; starts with '/' */
    const char *query; /* raw, without '?'; "" when there is none */
    const struct header *headers;
    size_t header_count;
    const char *body; /* body_len bytes and a NUL; never NULL */
    size_t body_len;
    const char *peer; /* the client's address as text */
    int64_t started_ns;
    struct answer answer;
    const char *const *params; /* the matched route's path parameters, decoded; arena memory */
    size_t param_count;
    const char *route;   /* the route's template once one matched, for the log; else NULL */
    unsigned route_name; /* its number in route_names.h; 0: none matched */
    unsigned generation; /* number of the scripts that answer, for error bodies and the log; 0: none yet */
    struct spent spent;  /* by the handler, once it has ended */
    struct trace *trace; /* trace.h's own, and whether it has looked for one */
    bool trace_sought;
    void (*on_answered)(struct request *req); /* http's, called by request_answered */
    void *exchange;                           /* http's own */
    void *work;                               /* the handler's own */
};

enum request_state { REQUEST_ANSWERED, REQUEST_WAITING };

struct request_handler {
    enum request_state (*start)(void *ctx, struct request *req);
    void (*cancel)(void *ctx, struct request *req);
    /* The number that `start` would give a request now, for those that are refused before it; NULL: none. */
    unsigned (*generation)(void *ctx);
    void *ctx;
};

/* The first header of that name (no regard to case), or NULL. */
const char *request_header(const struct request *req, const char *name);

/* What RFC 9110 section 5 lets a header's name (a token) and value (no control characters but tab) be. */
bool header_name_ok(const char *name);
bool header_value_ok(const char *value);

/* Adds a header to the answer, copied into the arena. A name or value that is not ok is refused (false), so
 * no script can split an answer. */
bool answer_header(struct request *req, const char *name, const char *value);
/* The same, but in place of those of that name that are there. */
bool answer_header_set(struct request *req, const char *name, const char *value);
/* The answer's first header of that name, or NULL. */
const char *answer_header_get(const struct request *req, const char *name);

/* Answers 200 with the stream of that name: its head, and for GET whatever is published from now on. false
 * for a name that is none. */
bool answer_stream(struct request *req, const char *name);

/* Forgets what was answered so far: status, headers, body. */
void answer_reset(struct request *req);

/* A waiting request has its answer. */
void request_answered(struct request *req);

/* A fresh id into `id`: 16 bytes from the kernel's generator as hex. */
void request_id_make(char id[REQUEST_ID_SIZE]);
/* The id the client offered (may be NULL) when it is well-formed, else a fresh one. */
void request_id_choose(char id[REQUEST_ID_SIZE], const char *offered);

#endif
