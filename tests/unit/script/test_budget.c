/* test_budget.c -- scripts that do not stop are stopped, whatever they do about it; those that behave are
 * not.
 *
 * What is stopped is a condition that comes, sooner or later: nothing here measures how soon. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/log.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include "../../../core/script/bounds.h"
#include "../../../core/script/budget.h"
#include "../../../core/script/dispatch.h"
#include "../../../core/script/generation.h"
#include "../../../core/script/scheduler.h"
#include "../../../core/services/password.h"
#include "../../../core/services/settings.h"
#include "../../../core/services/snapshot.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHORT (20 * CLOCK_NS_PER_MS)
#define LONG  (60 * CLOCK_NS_PER_S)

/* One handler a line, so that a message's line tells which. */
static const char app[] =
    "local route, field, password = require 'plateia.route', require 'plateia.field', require "
    "'plateia.password'\n"
    "local function forever() while true do end end\n"
    "local function with(event, fn) return setmetatable({}, { [event] = fn }) end\n"
    "local function work() local t = os.clock() repeat until os.clock() - t > 0.05 end\n"
    "local numbers, state = {}, 1\n"
    "for i = 1, 200000 do state = state * 1103515245 + 12345 & 0x7fffffff; numbers[i] = state end\n"
    "local function fill() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end\n"
    "local function nest() pcall(nest) pcall(nest) end\n"
    "local kept, hoard\n"
    "local handlers = {\n"
    "  loop = forever,\n"
    "  caught = function() while true do pcall(forever) end end,\n"
    "  caught_errors = function() while true do pcall(error) end end,\n"
    "  nested = function() while true do nest() end end,\n"
    "  sort = function() table.sort({ 3, 1, 2 }, function() while true do pcall(forever) end end) end,\n"
    "  sort_in_pcall = function() while true do pcall(table.sort, { 3, 1, 2 }, forever) end end,\n"
    "  gsub = function() while true do pcall(string.gsub, 'xx', 'x', forever) end end,\n"
    "  index = function() return with('__index', forever).x end,\n"
    "  less = function() local a = with('__lt', forever) return a < a end,\n"
    "  close = function() local x <close> = with('__close', function() pcall(forever) forever() end) end,\n"
    "  close_after_error = function() local x <close> = with('__close', forever) error 'x' end,\n"
    "  close_again = function()\n"
    "    local function again() local x <close> = with('__close', function() again() end) forever() end\n"
    "    while true do pcall(again) end\n"
    "  end,\n"
    "  text = function() while true do pcall(tostring, with('__tostring', forever)) end end,\n"
    "  error_value = function() error(with('__tostring', forever)) end,\n"
    "  iterator = function() for _ in forever do end end,\n"
    "  pairs = function() for _ in pairs(with('__pairs', forever)) do end end,\n"
    "  after_the_answer = function(req) local x <close> = with('__close', forever) return { ok = true } "
    "end,\n"
    "  memory_caught = function() while true do pcall(fill) end end,\n"
    "  memory = fill,\n"
    "  native = function() table.sort(numbers, math.ult) end,\n"
    "  native_left = function()\n"
    "    for i = 2, #numbers do if numbers[i] < numbers[i - 1] then return { ok = true } end end\n"
    "    return { ok = false }\n"
    "  end,\n"
    "  hoard = function() hoard = {} for i = 1, 9000 do hoard[i] = ('x'):rep(1000) .. i end end,\n"
    "  give_up = function() hoard = nil end,\n"
    "  under = work,\n"
    "  waits = function() for _ = 1, 5 do work() password.hash 'secret' end end,\n"
    "  fine = function() end,\n"
    "  trip = function() if kept then forever() end end,\n"
    "  switch = function() kept = not kept end,\n"
    "}\n"
    "local routes = {}\n"
    "for name, handler in pairs(handlers) do\n"
    "  routes[#routes + 1] = route.get('/' .. name) { summary = name, answers = { [200] = field.object { ok "
    "= field.boolean {} } },\n"
    "    handler = function(req) return handler(req) or { ok = true } end }\n"
    "end\n"
    "return { routes = routes }\n";

/* Those that never end by themselves. */
static const char *const endless[] = {"/loop",
                                      "/caught",
                                      "/caught_errors",
                                      "/nested",
                                      "/sort",
                                      "/sort_in_pcall",
                                      "/gsub",
                                      "/index",
                                      "/less",
                                      "/close",
                                      "/close_after_error",
                                      "/close_again",
                                      "/text",
                                      "/error_value",
                                      "/iterator",
                                      "/pairs",
                                      "/after_the_answer",
                                      "/memory_caught"};

static struct {
    char dir[64];
    struct budget *budget;
    struct budget_seat *seat;
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct hasher *hasher;
    struct settings *settings;
    struct snapshot *snapshot;
    struct scheduler *scheduler;
    struct services services;
    struct dispatch dispatch;
    struct request_handler handler;
    int told_full;
} world;

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world.dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void told_full(void *ctx) {
    (void)ctx;
    world.told_full++;
}

static void bound(int64_t run_ns) {
    struct bounds bounds = {.seat = world.seat, .run_ns = run_ns, .job_ns = run_ns, .full = told_full};
    scheduler_bound(world.scheduler, &bounds);
}

static enum err_code load(struct generation **ret, int64_t load_ns, struct err *err) {
    struct generation_parts parts = {.services = &world.services,
                                     .snapshot = world.snapshot,
                                     .memory_limit = 16u << 20,
                                     .seat = world.seat,
                                     .load_ns = load_ns};
    return generation_new(ret, &parts, err);
}

static int open_world(void **unused) {
    (void)unused;
    struct hasher_options hasher = {.threads = 1, .queue = 4, .cost = {.memory_kib = 64, .passes = 1}};
    struct err err = {0};
    log_open(LOG_JSON, LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    snprintf(world.dir, sizeof world.dir, "/tmp/plateia-budget-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    write_file("app.lua", app);
    assert_int_equal(crypto_open(NULL), ERR_OK);
    assert_int_equal(budget_new(&world.budget, &err), ERR_OK);
    assert_int_equal(budget_sit(&world.seat, world.budget, &err), ERR_OK);
    assert_int_equal(reactor_new(&world.reactor, NULL), ERR_OK);
    assert_int_equal(mailbox_new(&world.mailbox, world.reactor, NULL), ERR_OK);
    assert_int_equal(hasher_new(&world.hasher, &hasher, NULL), ERR_OK);
    assert_int_equal(settings_load(&world.settings, 0, NULL, (const char *const[]){NULL}, NULL, NULL, NULL),
                     ERR_OK);
    assert_int_equal(snapshot_read(&world.snapshot, world.dir, NULL), ERR_OK);
    assert_int_equal(scheduler_new(&world.scheduler, world.reactor, NULL), ERR_OK);
    world.services = (struct services){.hasher = world.hasher,
                                       .mailbox = world.mailbox,
                                       .settings = world.settings,
                                       .tasks = scheduler_tasks(world.scheduler)};
    if (load(&world.dispatch.generation, LONG, &err) != ERR_OK) fail_msg("%s", err.text);
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
    budget_leave(world.seat);
    budget_free(world.budget);
    snprintf(command, sizeof command, "rm -r '%s'", world.dir);
    return system(command);
}

/* ---- asking ---- */

static void answered(struct request *req) {
    req->exchange = req;
}

static void ask(struct request *req, const char *path) {
    *req = (struct request){
        .method = METHOD_GET, .path = path, .query = "", .body = "", .peer = "test", .id = "id-1"};
    req->on_answered = answered;
    if (world.handler.start(world.handler.ctx, req) == REQUEST_ANSWERED) return;
    int64_t until = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (!req->exchange && clock_ns() < until)
        reactor_turn(world.reactor, 100);
    assert_ptr_equal(req->exchange, req);
}

static void forget(struct request *req) {
    buf_done(&req->answer.body);
    arena_done(&req->arena);
}

static void check(const char *path, int status, const char *part) {
    struct request req;
    ask(&req, path);
    const char *body = req.answer.body.data ? req.answer.body.data : "";
    if (req.answer.status != status || (part && !strstr(body, part)))
        fail_msg("%s: %d %s", path, req.answer.status, body);
    if (status == 503) assert_non_null(answer_header_get(&req, "Retry-After"));
    forget(&req);
}

/* ---- time ---- */

/* And whoever comes next finds a state that works. */
static void test_endless(void **unused) {
    (void)unused;
    bound(SHORT);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        check(endless[i], 503, "used more than its time; request id-1");
        assert_non_null(strstr(budget_place(world.seat), "app.lua:"));
        check("/fine", 200, "true");
    }
    check("/loop", 503, NULL);
    assert_non_null(strstr(budget_place(world.seat), "app.lua:2"));
}

/* A library function that calls only its like comes by no instruction; the sorting is left in the middle. */
static void test_native_callback(void **unused) {
    (void)unused;
    bound(SHORT);
    check("/native", 503, "time");
    bound(LONG);
    check("/native_left", 200, "true");
}

/* Seen by the watchdog more than once, and let be. */
static void test_under(void **unused) {
    (void)unused;
    bound(LONG);
    check("/under", 200, "true");
}

/* A quarter of a second in all, at most 50 ms (the whole process's) at a time. */
static void test_waiting_is_free(void **unused) {
    (void)unused;
    bound(200 * CLOCK_NS_PER_MS);
    check("/waits", 200, "true");
}

static void test_no_seat(void **unused) {
    (void)unused;
    scheduler_bound(world.scheduler, &(struct bounds){.run_ns = 1});
    check("/under", 200, "true");
}

/* ---- memory ---- */

static void await_collected(void) {
    int64_t until = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (world.dispatch.generation->collecting && clock_ns() < until)
        reactor_turn(world.reactor, 100);
    assert_false(world.dispatch.generation->collecting);
}

static void test_memory(void **unused) {
    (void)unused;
    const struct generation *generation = world.dispatch.generation;
    bound(LONG);
    await_collected();
    size_t before = generation_memory(generation);
    check("/memory", 503, "used more than its memory; request id-1");
    check("/fine", 200, "true");
    await_collected();
    assert_true(generation_memory(generation) < before + (1u << 20));
    assert_int_equal(world.told_full, 0);
}

/* What a module keeps no collection gives back. */
static void test_memory_kept(void **unused) {
    (void)unused;
    int64_t until = clock_ns() + 20 * CLOCK_NS_PER_S;
    bound(LONG);
    check("/hoard", 200, "true");
    while (world.told_full == 0 && clock_ns() < until) {
        check("/fine", 200, "true");
        await_collected();
    }
    assert_int_equal(world.told_full, 1);
    check("/give_up", 200, "true");
}

/* ---- quarantine ---- */

static void test_quarantine(void **unused) {
    (void)unused;
    struct quarantine *quarantine = NULL;
    struct generation *generation = world.dispatch.generation;
    bound(SHORT);
    assert_int_equal(quarantine_new(&quarantine, generation_handlers(generation), CLOCK_NS_PER_S, 0, NULL),
                     ERR_OK);
    generation->quarantine = quarantine;
    check("/switch", 200, "true");
    for (int i = 0; i < QUARANTINE_KILLS; i++)
        check("/trip", 503, "used more than its time");
    check("/trip", 503, "tried again in 1 s; request id-1");
    check("/fine", 200, "true");
    check("/switch", 200, "true");

    struct request req;
    int64_t until = clock_ns() + 20 * CLOCK_NS_PER_S;
    int status = 503;
    while (status == 503 && clock_ns() < until) {
        ask(&req, "/trip");
        status = req.answer.status;
        forget(&req);
    }
    assert_int_equal(status, 200);
    check("/trip", 200, "true");
    generation->quarantine = NULL;
    quarantine_free(quarantine);
}

/* ---- loading ---- */

static void refused(const char *text, int64_t load_ns, const char *part) {
    struct snapshot *kept = world.snapshot;
    struct generation *generation = NULL;
    struct err err = {0};
    write_file("app.lua", text);
    write_file("loops.lua", "local x = 1\nwhile true do x = x + 1 end\nreturn {}\n");
    write_file("bomb.lua", "local t = {}\nwhile true do t[#t + 1] = ('x'):rep(1000) .. #t end\nreturn {}\n");
    assert_int_equal(snapshot_read(&world.snapshot, world.dir, NULL), ERR_OK);
    enum err_code code = load(&generation, load_ns, &err);
    if (code != ERR_INVALID || !strstr(err.text, part)) fail_msg("%s\n  gave: %s", text, err.text);
    snapshot_free(world.snapshot);
    world.snapshot = kept;
}

static void test_loading(void **unused) {
    (void)unused;
    refused("\nwhile true do end\n", SHORT, "app.lua:2: loading takes longer than 20 ms");
    refused("while true do pcall(function() while true do end end) end\n", SHORT, "app.lua:1: loading");
    refused("require 'loops'\n", SHORT, "loops.lua:2: loading");
    refused("pcall(require, 'loops')\nreturn { routes = {} }\n", SHORT, "loops.lua:2: loading");
    refused("local x <close> = setmetatable({}, { __close = function() while true do end end })\nreturn {}\n",
            SHORT, "app.lua:1: loading");
    refused("table.sort({ 3, 1, 2 }, function() while true do pcall(error) end end)\n", SHORT,
            "app.lua:1: loading");
    refused("require 'bomb'\n", LONG, "bomb.lua:1: loading needs more memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endless),     cmocka_unit_test(test_native_callback),
        cmocka_unit_test(test_under),       cmocka_unit_test(test_waiting_is_free),
        cmocka_unit_test(test_no_seat),     cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_kept), cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_loading)};
    return cmocka_run_group_tests(tests, open_world, close_world);
}
