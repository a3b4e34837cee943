#ifndef PLATEIA_EXCHANGE_ROUTER_H
#define PLATEIA_EXCHANGE_ROUTER_H

/* router.h -- method and path to a route's number. Built once, then only read; any thread.
 *
 * A template is "/things/{id}": segments are literal or one whole {parameter}. Literals win over parameters
 * ("/things/top" beats "/things/{id}"), whatever the order of adding. Segments are matched after
 * percent-decoding, so %2F never makes a new segment. HEAD falls back to GET. */

#include "../base/err.h"
#include "request.h"

struct router;

#define ROUTER_MAX_PARAMS 8

struct route_match {
    int route;            /* the number given to router_add */
    const char *template; /* owned by the router */
    size_t param_count;
    const char *params[ROUTER_MAX_PARAMS]; /* decoded, in the order of the template; arena memory */
    unsigned allowed; /* bits 1u << METHOD_x, for ROUTER_NO_METHOD (HEAD included where GET is) */
};

enum router_result {
    ROUTER_FOUND,
    ROUTER_NO_PATH,
    ROUTER_NO_METHOD,
    ROUTER_BAD_PATH /* broken escape, NUL, not UTF-8 */
};

enum err_code router_new(struct router **ret, struct err *err);
void router_free(struct router *router);

/* ERR_EXISTS when method and shape of path stand already (parameter names do not make a difference);
 * ERR_INVALID for a malformed template, too many or repeated parameters. */
enum err_code router_add(struct router *router, enum method method, const char *template, int route,
                         struct err *err);

enum router_result router_match(const struct router *router, enum method method, const char *raw_path,
                                struct arena *arena, struct route_match *ret);

#endif
