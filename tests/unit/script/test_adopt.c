/* test_adopt.c -- a worker goes from one edition to the next: who serves, what is left behind, and when that
 * is over. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/script/adopt.h"
#include "../../../core/script/dispatch.h"
#include "../../../core/script/edition.h"
#include "../../../core/script/sources.h"
#include "../support/script_rig.h"

#define PATIENCE (60 * CLOCK_NS_PER_S)

/* The word is the edition's; /wait says it after a password was hashed, /later when its answer is out. */
static const char app[] =
    "local route, field = require 'plateia.route', require 'plateia.field'\n"
    "local background, log = require 'plateia.background', require 'plateia.log'\n"
    "local password = require 'plateia.password'\n"
    "local word = '%s'\n"
    "local function get(path, handler)\n"
    "  return route.get(path) { summary = path, answers = { [200] = field.object { word = field.string {} } "
    "},\n"
    "    handler = handler }\n"
    "end\n"
    "return { routes = {\n"
    "  get('/say', function() return { word = word } end),\n"
    "  get('/wait', function() assert(password.hash 'secret') return { word = word } end),\n"
    "  get('/later', function()\n"
    "    background.after(function() assert(password.hash 'secret') log.warn('x', { said = word }) end)\n"
    "    return { word = word }\n"
    "  end),\n"
    "}, observers = { { on = 'go', every = 3600, run = function(events)\n"
    "  log.warn('x', { said = word .. ' ' .. #events })\n"
    "end } } }\n";

static struct {
    struct stage stage;
    struct edition *editions[3];
    struct adopt adopt;
    struct dispatch dispatch;
    struct request_handler handler;
    struct generation *closed;
} world;

static struct edition *make(unsigned number, const char *word) {
    char text[sizeof app + 32];
    struct sources *sources = NULL;
    struct edition *edition = NULL;
    const struct services *services = &rig.services;
    struct edition_parts parts = {
        .number = number, .by = "test", .services = &services, .count = 1, .memory_limit = 16u << 20};
    struct err err = {0};
    snprintf(text, sizeof text, app, word);
    rig_write("app.lua", text, "");
    if (sources_read(&sources, rig.dir, rig.dir, NULL, &err)) fail_msg("%s", err.text);
    parts.sources = sources;
    if (edition_new(&edition, &parts, &err)) fail_msg("%s", err.text);
    sources_drop(sources);
    return edition;
}

static void publish(struct edition *edition) {
    atomic_store(&world.stage.edition, edition);
}

static void closed(void *ctx, struct generation *generation) {
    assert_ptr_equal(ctx, &world);
    assert_null(world.closed);
    world.closed = generation;
}

static void start(int64_t patience_ns) {
    memset(&world, 0, sizeof world);
    rig_open("return { routes = {} }\n");
    world.editions[0] = make(1, "one");
    world.editions[1] = make(2, "two");
    struct adopt_parts parts = {.stage = &world.stage,
                                .scheduler = rig.scheduler,
                                .reactor = rig.reactor,
                                .mailbox = rig.mailbox,
                                .bus = rig.bus,
                                .patience_ns = patience_ns,
                                .closed = closed,
                                .ctx = &world};
    adopt_open(&world.adopt, &parts);
    world.dispatch = (struct dispatch){.scheduler = rig.scheduler, .adopt = &world.adopt};
    world.handler = dispatch_handler(&world.dispatch);
    publish(world.editions[0]);
}

static int end(void **unused) {
    (void)unused;
    rig_close_scheduler();
    adopt_close(&world.adopt);
    edition_free(world.editions[0]);
    edition_free(world.editions[1]);
    rig_close();
    return 0;
}

static void answered(struct request *req) {
    req->exchange = req;
}

static void ask(struct request *req, const char *path) {
    *req = (struct request){.path = path, .query = "", .body = "", .peer = "test", .id = "id-1"};
    req->on_answered = answered;
    if (world.handler.start(world.handler.ctx, req) == REQUEST_ANSWERED) answered(req);
}

static void check(struct request *req, int status, const char *part) {
    for (int i = 0; i < 3000 && !req->exchange; i++)
        reactor_turn(rig.reactor, 10);
    assert_non_null(req->exchange);
    assert_int_equal(req->answer.status, status);
    assert_non_null(strstr(req->answer.body.data, part));
    buf_done(&req->answer.body);
    arena_done(&req->arena);
}

static void test_the_next_request_gets_it(void **unused) {
    (void)unused;
    struct request req;
    start(PATIENCE);
    ask(&req, "/say");
    check(&req, 200, "one");
    publish(world.editions[1]);
    ask(&req, "/say");
    assert_int_equal(req.generation, 2);
    check(&req, 200, "two");
    rig_turns(1);
    assert_ptr_equal(world.closed, world.editions[0]->generations[0]);
}

static void test_what_waits_ends_where_it_began(void **unused) {
    (void)unused;
    struct request old, new;
    start(PATIENCE);
    ask(&old, "/wait");
    assert_null(old.exchange);
    publish(world.editions[1]);
    ask(&new, "/say");
    check(&new, 200, "two");
    assert_int_equal(atomic_load(&world.editions[0]->generations[0]->tasks), 1);
    assert_null(world.closed);
    check(&old, 200, "one");
    rig_turns(1);
    assert_ptr_equal(world.closed, world.editions[0]->generations[0]);
}

static void test_background_work_counts(void **unused) {
    (void)unused;
    struct request req;
    start(PATIENCE);
    ask(&req, "/later");
    check(&req, 200, "one");
    publish(world.editions[1]);
    adopt_current(&world.adopt);
    assert_false(generation_over(world.editions[0]->generations[0]));
    rig_until("one;");
    rig_turns(2);
    assert_ptr_equal(world.closed, world.editions[0]->generations[0]);
}

static void test_what_takes_too_long_is_ended(void **unused) {
    (void)unused;
    struct request old;
    start(1);
    ask(&old, "/wait");
    publish(world.editions[1]);
    adopt_current(&world.adopt);
    check(&old, 503, "replaced");
    rig_turns(1);
    assert_ptr_equal(world.closed, world.editions[0]->generations[0]);
}

/* Each event is given to the observers that read the bus when it came, and to no other. */
static void test_events_are_given_once(void **unused) {
    (void)unused;
    start(PATIENCE);
    adopt_current(&world.adopt);
    adopt_observe(&world.adopt);
    assert_int_equal(bus_publish(rig.bus, "go", "{}", 2, NULL), ERR_OK);
    rig_until("one 1;");
    assert_int_equal(bus_publish(rig.bus, "go", "{}", 2, NULL), ERR_OK);
    rig_turns(2);
    publish(world.editions[1]);
    adopt_current(&world.adopt);
    assert_int_equal(bus_publish(rig.bus, "go", "{}", 2, NULL), ERR_OK);
    rig_until("two 1;");
    rig_turns(5);
    assert_string_equal(rig_said(), "one 1;one 1;two 1;");
    assert_ptr_equal(world.closed, world.editions[0]->generations[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_the_next_request_gets_it, end),
                                       cmocka_unit_test_teardown(test_what_waits_ends_where_it_began, end),
                                       cmocka_unit_test_teardown(test_background_work_counts, end),
                                       cmocka_unit_test_teardown(test_what_takes_too_long_is_ended, end),
                                       cmocka_unit_test_teardown(test_events_are_given_once, end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
