#ifndef PLATEIA_SERVICES_DB_LISTEN_H
#define PLATEIA_SERVICES_DB_LISTEN_H

/* listen.h -- the one connection of a process that hears what other sessions NOTIFY, kept up like any other
 * line of its share, and beside the share's classes: nothing waits for it, and readiness does not need it.
 *
 * In the share's thread, like its callbacks. What is told while it is down is lost: whoever needs to know
 * compares when `connected` is called. Knows nothing of what a payload means. */

#include "../../base/err.h"

struct listen;
struct share;

struct listen_options {
    struct share *share;
    const char *channel; /* a plain identifier; outlives it */
    void (*heard)(void *ctx, const char *payload);
    void (*connected)(void *ctx); /* from now on everything is heard; after each loss again */
    void *ctx;
};

enum err_code listen_open(struct listen **ret, const struct listen_options *options, struct err *err);
void listen_close(struct listen *listen); /* before its share; not from a callback; NULL is fine */

#endif
