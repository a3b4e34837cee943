/* fields.c -- a whole request ("METHOD /path?query", headers, an empty line, a body) through dispatch and a
 * generation of tests/fuzz/app: whatever is sent, the answer is one that the route declares, and JSON. */

#include "../../core/base/log.h"
#include "../../core/base/reactor.h"
#include "../../core/base/text.h"
#include "../../core/script/dispatch.h"
#include "../../core/script/generation.h"
#include "../../core/script/scheduler.h"
#include "../../core/services/settings.h"
#include "../../core/services/snapshot.h"
#include "fuzz.h"
#include <unistd.h>

#define MAX_HEADERS 16

static struct {
    struct reactor *reactor;
    struct settings *settings;
    struct snapshot *snapshot;
    struct scheduler *scheduler;
    struct services services;
    struct dispatch dispatch;
    struct request_handler handler;
} world;

static void open_world(void) {
    struct err err = {0};
    log_open(LOG_JSON, LOG_ERROR, STDERR_FILENO);
    REQUIRE(settings_load(&world.settings, 0, NULL, (const char *const[]){NULL}, NULL, NULL, &err) == ERR_OK,
            "%s", err.text);
    REQUIRE(snapshot_read(&world.snapshot, "tests/fuzz/app", &err) == ERR_OK, "%s", err.text);
    REQUIRE(reactor_new(&world.reactor, &err) == ERR_OK, "%s", err.text);
    REQUIRE(scheduler_new(&world.scheduler, world.reactor, &err) == ERR_OK, "%s", err.text);
    world.services = (struct services){.settings = world.settings, .tasks = scheduler_tasks(world.scheduler)};
    struct generation_parts parts = {
        .services = &world.services, .snapshot = world.snapshot, .memory_limit = 64u << 20};
    REQUIRE(generation_new(&world.dispatch.generation, &parts, &err) == ERR_OK, "%s", err.text);
    world.dispatch.scheduler = world.scheduler;
    world.handler = dispatch_handler(&world.dispatch);
}

static void check(const struct request *req) {
    static const int declared[] = {200, 204, 400, 404, 405, 415, 422};
    const struct buf *body = &req->answer.body;
    bool known = false;
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        known = known || declared[i] == req->answer.status;
    REQUIRE(known, "status %d: %s", req->answer.status, body->len ? body->data : "");
    if (!body->len) return;
    const char *problem = text_json_problem(body->data, body->len, 64);
    REQUIRE(!problem, "%s: %s", problem, body->data);
}

/* The headers' text lives in the request's arena, as http's does. */
static void read_headers(struct input *input, struct request *req, struct header *headers) {
    char *line;
    while ((line = input_until(input, '\n')) && *line) {
        char *text = arena_copy(&req->arena, line, strlen(line)), *colon = strchr(text, ':');
        free(line);
        if (!colon || req->header_count == MAX_HEADERS) continue;
        *colon = '\0';
        headers[req->header_count++] = (struct header){.name = text, .value = colon + 1 + (colon[1] == ' ')};
    }
    free(line);
    req->headers = headers;
}

static void ask(enum method method, char *target, struct input *input) {
    struct header headers[MAX_HEADERS];
    struct request req = {.method = method, .path = target, .query = "", .peer = "fuzz", .id = "fuzz"};
    char *question = strchr(target, '?');
    if (question) {
        *question = '\0';
        req.query = question + 1;
    }
    read_headers(input, &req, headers);
    char *body = input_copy(input->at, (size_t)(input->end - input->at));
    req.body = body;
    req.body_len = (size_t)(input->end - input->at);
    REQUIRE(world.handler.start(world.handler.ctx, &req) == REQUEST_ANSWERED, "nothing here waits");
    check(&req);
    free(body);
    buf_done(&req.answer.body);
    arena_done(&req.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    if (!world.handler.start) open_world();
    char *name = input_until(&input, ' '), *target = name ? input_until(&input, '\n') : NULL;
    enum method method = name ? method_from(name) : METHOD_COUNT;
    if (target && method != METHOD_COUNT) ask(method, target, &input);
    free(name);
    free(target);
    return 0;
}
