/* router.c -- templates, an empty line, paths: whatever is added, whatever is asked. */

#include "../../core/exchange/router.h"
#include "../../core/base/text.h"
#include "fuzz.h"

static void check_match(const struct route_match *match, int routes) {
    REQUIRE(match->route >= 0 && match->route < routes, "route %d", match->route);
    REQUIRE(match->param_count <= ROUTER_MAX_PARAMS, "%zu parameters", match->param_count);
    for (size_t i = 0; i < match->param_count; i++) {
        REQUIRE(match->params[i][0], "an empty parameter");
        REQUIRE(text_is_utf8(match->params[i], strlen(match->params[i])), "a parameter is not UTF-8");
    }
}

static void ask(const struct router *router, const char *path, int routes) {
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        struct arena arena = {0};
        struct route_match match;
        enum router_result result = router_match(router, method, path, &arena, &match);
        if (result == ROUTER_FOUND) check_match(&match, routes);
        if (result == ROUTER_NO_METHOD) REQUIRE(match.allowed, "no method is allowed");
        arena_done(&arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    struct router *router = NULL;
    int routes = 0;
    char *line;
    REQUIRE(router_new(&router, NULL) == ERR_OK, "memory");
    while ((line = input_until(&input, '\n')) && *line) {
        if (router_add(router, (enum method)(routes % METHOD_COUNT), line, routes, NULL) == ERR_OK) routes++;
        free(line);
    }
    free(line);
    while ((line = input_until(&input, '\n'))) {
        ask(router, line, routes);
        free(line);
    }
    router_free(router);
    return 0;
}
