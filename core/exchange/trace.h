#ifndef PLATEIA_EXCHANGE_TRACE_H
#define PLATEIA_EXCHANGE_TRACE_H

/* trace.h -- which trace a request belongs to, as W3C Trace Context says it (`traceparent`, `tracestate`).
 *
 * Nothing is looked for before somebody asks, and what was found is remembered in the request's arena. What
 * is not well-formed is as if it had not been sent. */

#include "../base/log.h"
#include "request.h"
#include <stdbool.h>
#include <stddef.h>

#define TRACE_ID   32 /* hexadecimal digits */
#define TRACE_SPAN 16
#define TRACE_TEXT 56 /* of a traceparent, with its NUL */

/* Flags of ours and others'; all other bits are dropped, as we do not know what they promise. */
#define TRACE_SAMPLED 1 /* the caller may have recorded it */
#define TRACE_RANDOM  2 /* the trace's id is drawn by chance */

struct trace {
    char id[TRACE_ID + 1];
    char parent[TRACE_SPAN + 1]; /* the caller's span; "" when the trace begins here */
    char span[TRACE_SPAN + 1];   /* ours */
    unsigned char flags;
    const char *state; /* request_trace_state's own, and whether it has looked */
    bool state_sought;
};

/* Fills all but the span from a header's value; false: it is not well-formed. A version that is newer than
 * ours is read as far as we know it. */
bool trace_parse(struct trace *ret, const char *text);

/* A list of a `tracestate`: at most 32 members of key and value. */
bool trace_state_ok(const char *text);

/* The trace that the client's header continues, with a span of our own; NULL when there is none. */
const struct trace *request_trace(struct request *req);
/* The same, but one begins here when there is none, under the request's own id where that is one; NULL when
 * memory ran out. */
const struct trace *request_trace_begin(struct request *req);

/* What whoever is called on the request's behalf is to get: traceparent into `ret`; and tracestate, NULL
 * when the client sent none that is good. */
void trace_write(const struct trace *trace, char ret[TRACE_TEXT]);
const char *request_trace_state(struct request *req);

/* trace_id and span_id for a line of the log; returns how many: 0 where there is no trace. */
size_t request_trace_fields(struct request *req, struct log_field ret[2]);

#endif
