/* test_dispatch.c -- a handler answers without a socket: routing, waiting, failing, being cancelled. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/log.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include "../../../core/script/dispatch.h"
#include "../../../core/script/generation.h"
#include "../../../core/script/scheduler.h"
#include "../../../core/services/cache.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/password.h"
#include "../../../core/services/settings.h"
#include "../../../core/services/snapshot.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char app[] =
    "local route, field, password = require 'plateia.route', require 'plateia.field', require "
    "'plateia.password'\n"
    "local kept\n"
    "return { routes = {\n"
    "  route.get '/plain/{n}' { summary = 's', path = { n = field.integer { min = 1 } },\n"
    "    answers = { [200] = field.object { n = field.integer {} } },\n"
    "    handler = function(req) return { n = req.path.n } end },\n"
    "  route.get '/wait' { summary = 's', answers = { [200] = field.object { ok = field.boolean {} } },\n"
    "    handler = function() local h = password.hash 'secret'; return { ok = password.verify('secret', h) } "
    "end },\n"
    "  route.get '/cached' { summary = 's', query = { n = field.integer { optional = true } },\n"
    "    cached = { ttl = 300, drop_on = { 'thing.changed' } },\n"
    "    answers = { [200] = field.object { ok = field.boolean {} } },\n"
    "    handler = function() return { ok = true } end },\n"
    "  route.get '/bug' { summary = 's', answers = { [200] = field.object {} }, handler = function() local "
    "t; return t.x end },\n"
    "  route.get '/keep' { summary = 's', answers = { [200] = field.object { kept = field.boolean {} } },\n"
    "    handler = function(req)\n"
    "      if not kept then kept = req; return { kept = true } end\n"
    "      return { kept = pcall(kept.header, kept, 'host') }\n"
    "    end },\n"
    "} }\n";

static struct {
    char dir[64];
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct hasher *hasher;
    struct settings *settings;
    struct cache *cache;
    struct snapshot *snapshot;
    struct scheduler *scheduler;
    struct services services;
    struct dispatch dispatch;
    struct request_handler handler;
} world;

static int open_world(void **unused) {
    (void)unused;
    struct hasher_options hasher = {.threads = 1, .queue = 4, .cost = {.memory_kib = 64, .passes = 1}};
    char path[128];
    log_open(LOG_JSON, LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    snprintf(world.dir, sizeof world.dir, "/tmp/plateia-dispatch-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    snprintf(path, sizeof path, "%s/app.lua", world.dir);
    FILE *file = fopen(path, "w");
    fputs(app, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/events.lua", world.dir);
    file = fopen(path, "w");
    fputs("return { ['thing.changed'] = {} }\n", file);
    fclose(file);
    assert_int_equal(crypto_open(NULL), ERR_OK);
    assert_int_equal(reactor_new(&world.reactor, NULL), ERR_OK);
    assert_int_equal(mailbox_new(&world.mailbox, world.reactor, NULL), ERR_OK);
    assert_int_equal(hasher_new(&world.hasher, &hasher, NULL), ERR_OK);
    assert_int_equal(settings_load(&world.settings, 0, NULL, (const char *const[]){NULL}, NULL, NULL, NULL),
                     ERR_OK);
    assert_int_equal(snapshot_read(&world.snapshot, world.dir, NULL), ERR_OK);
    assert_int_equal(scheduler_new(&world.scheduler, world.reactor, NULL), ERR_OK);
    assert_int_equal(cache_new(&world.cache, 1 << 20, NULL), ERR_OK);
    world.services = (struct services){.hasher = world.hasher,
                                       .cache = world.cache,
                                       .mailbox = world.mailbox,
                                       .settings = world.settings,
                                       .tasks = scheduler_tasks(world.scheduler)};
    struct generation_parts parts = {
        .services = &world.services, .snapshot = world.snapshot, .number = 7, .memory_limit = 16u << 20};
    struct err err = {0};
    if (generation_new(&world.dispatch.generation, &parts, &err) != ERR_OK) fail_msg("%s", err.text);
    world.dispatch.scheduler = world.scheduler;
    world.handler = dispatch_handler(&world.dispatch);
    return 0;
}

static int close_world(void **unused) {
    (void)unused;
    char command[128];
    hasher_free(world.hasher);
    scheduler_free(world.scheduler);
    generation_free(world.dispatch.generation);
    mailbox_free(world.mailbox);
    reactor_free(world.reactor);
    snapshot_free(world.snapshot);
    settings_free(world.settings);
    cache_free(world.cache);
    snprintf(command, sizeof command, "rm -r '%s'", world.dir);
    return system(command);
}

static void answered(struct request *req) {
    req->exchange = req;
}

static void ask(struct request *req, enum method method, const char *path) {
    *req = (struct request){
        .method = method, .path = path, .query = "", .body = "", .peer = "test", .id = "id-1"};
    req->on_answered = answered;
}

static void forget(struct request *req) {
    buf_done(&req->answer.body);
    arena_done(&req->arena);
}

static const char *header_of(const struct request *req, const char *name) {
    for (size_t i = 0; i < req->answer.header_count; i++)
        if (strcmp(req->answer.headers[i].name, name) == 0) return req->answer.headers[i].value;
    return "";
}

static void check(enum method method, const char *path, int status, const char *part) {
    struct request req;
    ask(&req, method, path);
    assert_int_equal(world.handler.start(world.handler.ctx, &req), REQUEST_ANSWERED);
    assert_int_equal(req.answer.status, status);
    if (part && !strstr(req.answer.body.data ? req.answer.body.data : "", part))
        fail_msg("%s: %s", path, req.answer.body.data);
    forget(&req);
}

/* Whether the answer stands; `tag` is sent as If-None-Match. */
static struct standing ask_cached(const char *path, const char *query, const char *tag, int status) {
    struct request req;
    const struct header headers[] = {{"If-None-Match", tag}};
    ask(&req, METHOD_GET, path);
    req.query = query;
    if (tag) {
        req.headers = headers;
        req.header_count = 1;
    }
    assert_int_equal(world.handler.start(world.handler.ctx, &req), REQUEST_ANSWERED);
    assert_int_equal(req.answer.status, status);
    struct standing standing = req.answer.standing;
    forget(&req);
    return standing;
}

static bool stands(struct standing standing) {
    return standing_holds(&standing, clock_ns());
}

static void test_what_is_found_in_the_cache_stands(void **unused) {
    (void)unused;
    assert_false(stands(ask_cached("/plain/7", "", NULL, 200)));
    assert_false(stands(ask_cached("/cached", "", NULL, 200))); /* it was made: Cache-Status tells */
    struct standing standing = ask_cached("/cached", "", NULL, 200),
                    other = ask_cached("/cached", "", "*", 304);
    assert_true(standing.until_ns > 0 && other.until_ns > 0);
    assert_int_equal(standing_sum(&standing), standing.sum);
    assert_int_equal(standing_sum(&other), other.sum);
    assert_false(stands(ask_cached("/cached", "n=x", NULL, 422)));
    cache_drop(world.cache, "thing.changed");
    assert_int_not_equal(standing_sum(&standing), standing.sum);
    assert_int_not_equal(standing_sum(&other), other.sum);
}

static void test_routing(void **unused) {
    (void)unused;
    check(METHOD_GET, "/plain/7", 200, "{\"n\":7}");
    check(METHOD_HEAD, "/plain/7", 200, NULL);
    check(METHOD_GET, "/plain/x", 422, "\"loc\":[\"path\",\"n\"]");
    check(METHOD_GET, "/none", 404, "detail");
    check(METHOD_GET, "/plain/%zz", 400, "percent");
    check(METHOD_GET, "/bug", 500, "id-1");
}

static void test_errors_tell_the_generation(void **unused) {
    (void)unused;
    static const char *const paths[] = {"/plain/x", "/none", "/plain/%zz", "/bug"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct request req;
        ask(&req, METHOD_GET, paths[i]);
        world.handler.start(world.handler.ctx, &req);
        assert_int_equal(req.generation, 7);
        assert_non_null(strstr(req.answer.body.data, ",\"generation\":7}"));
        forget(&req);
    }
    assert_int_equal(world.handler.generation(world.handler.ctx), 7);
}

static void test_allowed_methods(void **unused) {
    (void)unused;
    struct request req;
    ask(&req, METHOD_DELETE, "/plain/7");
    assert_int_equal(world.handler.start(world.handler.ctx, &req), REQUEST_ANSWERED);
    assert_int_equal(req.answer.status, 405);
    assert_string_equal(header_of(&req, "Allow"), "GET, HEAD, OPTIONS");
    forget(&req);
    check(METHOD_OPTIONS, "/plain/7", 204, NULL);
}

static void test_waits(void **unused) {
    (void)unused;
    struct request req;
    ask(&req, METHOD_GET, "/wait");
    assert_int_equal(world.handler.start(world.handler.ctx, &req), REQUEST_WAITING);
    int64_t until = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (!req.exchange && clock_ns() < until)
        reactor_turn(world.reactor, 100);
    assert_ptr_equal(req.exchange, &req);
    assert_int_equal(req.answer.status, 200);
    assert_string_equal(req.answer.body.data, "{\"ok\":true}");
    forget(&req);
}

/* The hash comes home to a ticket that nobody holds any more; the next request is not disturbed by it. */
static void test_cancelled_while_waiting(void **unused) {
    (void)unused;
    struct request gone;
    ask(&gone, METHOD_GET, "/wait");
    assert_int_equal(world.handler.start(world.handler.ctx, &gone), REQUEST_WAITING);
    world.handler.cancel(world.handler.ctx, &gone);
    forget(&gone);
    memset(&gone, 0xAB, sizeof gone);
    test_waits(NULL);
}

static void test_kept_handle_is_dead(void **unused) {
    (void)unused;
    check(METHOD_GET, "/keep", 200, "{\"kept\":true}");
    check(METHOD_GET, "/keep", 200, "{\"kept\":false}");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_routing),
                                       cmocka_unit_test(test_what_is_found_in_the_cache_stands),
                                       cmocka_unit_test(test_errors_tell_the_generation),
                                       cmocka_unit_test(test_allowed_methods),
                                       cmocka_unit_test(test_waits),
                                       cmocka_unit_test(test_cancelled_while_waiting),
                                       cmocka_unit_test(test_kept_handle_is_dead)};
    return cmocka_run_group_tests(tests, open_world, close_world);
}
