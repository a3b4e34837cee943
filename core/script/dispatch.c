/* dispatch.c -- routing is C's, so that a path that no script wants never wakes Lua. */

#include "dispatch.h"
#include "../base/buf.h"
#include "../exchange/problem.h"
#include "../exchange/route_names.h"
#include "../exchange/router.h"
#include "adopt.h"
#include "generation.h"
#include "scheduler.h"
#include <string.h>

/* "Allow: GET, HEAD" of the bits in `allowed`; OPTIONS is always there. */
static void say_allowed(struct request *req, unsigned allowed) {
    struct buf names = {0};
    allowed |= 1u << METHOD_OPTIONS;
    for (unsigned method = 0; method < METHOD_COUNT; method++)
        if (allowed & 1u << method)
            buf_addf(&names, "%s%s", names.len ? ", " : "", method_name((enum method)method));
    if (!names.failed) answer_header(req, "Allow", names.data);
    buf_done(&names);
}

static enum request_state refuse_method(struct request *req, unsigned allowed) {
    say_allowed(req, allowed);
    if (req->method == METHOD_OPTIONS)
        req->answer.status = 204;
    else
        problem_say(req, 405, "this method is not for this path: the Allow header names those that are");
    return REQUEST_ANSWERED;
}

static struct generation *newest(const struct dispatch *dispatch) {
    return dispatch->adopt ? adopt_current(dispatch->adopt) : dispatch->generation;
}

/* Not the router's own text, as the request may be logged when its generation is gone. */
static void set_route(struct request *req, const struct generation *generation,
                      const struct route_match *match) {
    req->route_name = generation->names[match->route];
    if (req->route_name == ROUTE_OTHER)
        req->route = arena_copy(&req->arena, match->template, strlen(match->template));
    else
        req->route = route_names_text(generation->context.services->route_names, req->route_name);
}

static enum request_state run(struct dispatch *dispatch, struct generation *generation, struct request *req,
                              const struct route_match *match) {
    const char **params = arena_alloc(&req->arena, sizeof match->params);
    set_route(req, generation, match);
    if (!params || !req->route) {
        problem_say(req, 503, NULL);
        return REQUEST_ANSWERED;
    }
    memcpy(params, match->params, sizeof match->params);
    req->params = params;
    req->param_count = match->param_count;
    return scheduler_request(dispatch->scheduler, generation, match->route, req);
}

static enum request_state start(void *ctx, struct request *req) {
    struct dispatch *dispatch = ctx;
    struct route_match match;
    struct generation *generation = newest(dispatch);
    req->generation = generation->number;
    switch (router_match(generation->router, req->method, req->path, &req->arena, &match)) {
    case ROUTER_FOUND: return run(dispatch, generation, req, &match);
    case ROUTER_NO_METHOD: return refuse_method(req, match.allowed);
    case ROUTER_NO_PATH:
        if (dispatch->otherwise && dispatch->otherwise(dispatch->ctx, req)) break;
        problem_say(req, 404, "there is nothing at this path");
        break;
    case ROUTER_BAD_PATH:
        problem_say(req, 400, "the path has a broken percent escape or is not UTF-8");
        break;
    }
    return REQUEST_ANSWERED;
}

static void cancel(void *ctx, struct request *req) {
    struct dispatch *dispatch = ctx;
    scheduler_cancel(dispatch->scheduler, req);
}

static unsigned generation(void *ctx) {
    const struct dispatch *dispatch = ctx;
    return newest(dispatch)->number;
}

struct request_handler dispatch_handler(struct dispatch *dispatch) {
    return (struct request_handler){
        .start = start, .cancel = cancel, .generation = generation, .ctx = dispatch};
}
