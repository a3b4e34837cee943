#ifndef PLATEIA_HTTP_ASK_H
#define PLATEIA_HTTP_ASK_H

/* ask.h -- one question to the admin listener of a server that runs, for commands beside it. Blocks, up to a
 * few seconds a step, or as long as the question says. */

#include "../base/buf.h"
#include "../base/err.h"

struct ask {
    const char *host_port;
    const char *method, *target; /* "POST", "/import?adapter=x" */
    const char *token;           /* sent as a bearer's; NULL or "": none */
    const char *body;            /* NULL: none */
    size_t len;
    unsigned patience_s; /* for the answer to come; 0: a few */
};

/* The answer's status and body (appended). ERR_NOT_FOUND when nothing answers there, ERR_SYSTEM when what
 * answers ends in the middle or is no HTTP. */
enum err_code ask(const struct ask *question, int *ret_status, struct buf *ret_body, struct err *err);

#endif
