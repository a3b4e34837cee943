#ifndef PLATEIA_SCRIPT_DISPATCH_H
#define PLATEIA_SCRIPT_DISPATCH_H

/* dispatch.h -- a request to its route: the request_handler that main gives to a server. */

#include "../exchange/request.h"

struct adopt;
struct generation;
struct scheduler;

struct dispatch {
    struct scheduler *scheduler;
    struct adopt *adopt;           /* says which generation a new request gets, ... */
    struct generation *generation; /* ... or, where that is NULL, always this one */
    /* Answers a request for a path that no route has, or returns false: 404. May be NULL. */
    bool (*otherwise)(void *ctx, struct request *req);
    void *ctx;
};

/* Answers 400, 404 and 405 (with Allow) and OPTIONS itself; everything else runs a script. `dispatch`
 * outlives its use. */
struct request_handler dispatch_handler(struct dispatch *dispatch);

#endif
