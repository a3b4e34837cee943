/* test_trial.c -- what a run of specs adds to a Lua state: files in the sandbox, and requests without a
 * socket that end with whoever asked. Files are run as they load, so that no database is needed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/script/dispatch.h"
#include "../../../core/script/trial.h"
#include "../support/script_rig.h"

static const char app[] =
    "local route, field = require 'plateia.route', require 'plateia.field'\n"
    "local Body = { summary = 's', body = { n = field.integer {} }, answers = { [200] = field.object {\n"
    "    n = field.integer {}, kind = field.string { optional = true } } } }\n"
    "return { routes = {\n"
    "  route.get '/wait' { summary = 's', answers = { [200] = field.object { ok = field.boolean {} } },\n"
    "    handler = function() say 'asked'; wait(); say 'served'; return { ok = true } end },\n"
    "  route.post '/echo' { summary = 's', body = Body.body, answers = Body.answers,\n"
    "    handler = function(req) return { n = req.body.n, kind = req:header 'X-Kind' } end },\n"
    "} }\n";

static struct trial trial;
static struct dispatch dispatch;
static struct ending {
    int ends;
    bool fine;
    char text[512];
} ending;

static void ended(void *ctx, bool fine, const char *text) {
    struct ending *at = ctx;
    at->ends++;
    at->fine = fine;
    snprintf(at->text, sizeof at->text, "%s", text);
}

/* A generation of the rig's scripts that has this file of specs. */
static void open_with(const char *specs) {
    struct err err = {0};
    char path[128];
    rig_open(app);
    generation_free(rig.generation);
    rig_write("a_spec.lua", "local test = require 'plateia.test'\n", specs);
    snprintf(path, sizeof path, "%s/a_spec.lua", rig.dir);
    trial = (struct trial){0};
    ending = (struct ending){0};
    assert_int_equal(texts_add(&trial.files, path, "_spec.lua", &err), ERR_OK);
    rig.services.trial = &trial;
    struct generation_parts parts = {
        .services = &rig.services, .snapshot = rig.snapshot, .memory_limit = 64u << 20};
    if (generation_new(&rig.generation, &parts, &err) != ERR_OK) fail_msg("%s", err.text);
    dispatch = (struct dispatch){.scheduler = rig.scheduler, .generation = rig.generation};
    trial.handler = dispatch_handler(&dispatch);
}

static void close_all(void) {
    rig_close_scheduler();
    rig_close();
    trial_done(&trial);
}

static void begin(void) {
    static const char *const words[] = {"load", "1"};
    struct err err = {0};
    if (scheduler_job(rig.scheduler, rig.generation, JOB_SPECS, words, 2, ended, &ending, &err) != ERR_OK)
        fail_msg("%s", err.text);
}

static void load(void) {
    int64_t until = clock_ns() + RIG_TOO_LATE;
    begin();
    while (!ending.ends && clock_ns() < until)
        reactor_turn(rig.reactor, 10);
    assert_int_equal(ending.ends, 1);
}

static void assert_fine(const char *specs) {
    open_with(specs);
    load();
    if (!ending.fine) fail_msg("%s", ending.text);
    close_all();
}

static void assert_fails(const char *specs, const char *why) {
    open_with(specs);
    load();
    assert_false(ending.fine);
    if (!strstr(ending.text, why)) fail_msg("%s", ending.text);
    close_all();
}

/* ---- requests ---- */

static void test_a_request_is_answered(void **state) {
    (void)state;
    assert_fine(
        "local answer = test.post('/echo?x=1', { json = { n = 3 }, headers = { ['X-Kind'] = 'k' } })\n"
        "assert.equal(200, answer.status)\n"
        "assert.same({ n = 3, kind = 'k' }, answer.json)\n"
        "assert.equal('application/json', answer.headers['Content-TYPE'])\n");
}

static void test_one_that_waits_is_waited_for(void **state) {
    (void)state;
    assert_fine("for i = 1, 3 do assert.is_true(test.get('/wait').json.ok) end\n");
}

static void test_what_no_route_takes_is_answered_too(void **state) {
    (void)state;
    assert_fine("assert.equal(404, test.get('/nothing').status)\n"
                "local answer = test.delete '/echo'\n"
                "assert.equal(405, answer.status)\n"
                "assert.equal('POST, OPTIONS', answer.headers.allow)\n"
                "assert.equal(422, test.post('/echo', { json = { n = 'x' } }).status)\n");
}

static void test_what_is_no_request_is_refused(void **state) {
    (void)state;
    assert_fails("test.request('FETCH', '/wait')\n", "a_spec.lua:2: bad argument");
    assert_fails("test.get('/wait', { headers = { ['a b'] = 'c' } })\n", "\"a b: c\" is no header");
    assert_fails("test.get('wait')\n", "begins with \"/\"");
}

static void test_who_ends_takes_the_request_along(void **state) {
    (void)state;
    open_with("test.get '/wait'\n");
    begin();
    rig_until("asked");
    close_all();
    assert_int_equal(ending.ends, 0);
}

static void test_who_ends_before_it_is_asked_asks_nothing(void **state) {
    (void)state;
    open_with("test.get '/wait'\n");
    begin();
    rig_close_scheduler();
    rig_turns(3);
    assert_string_equal(rig_said(), "");
    rig_close();
    trial_done(&trial);
}

static void test_a_letter_still_under_way_at_the_end_is_freed(void **state) {
    (void)state;
    open_with("test.get '/wait'\n");
    begin();
    close_all();
}

/* ---- files ---- */

static void test_a_file_has_the_scripts_world_and_the_words_of_specs(void **state) {
    (void)state;
    assert_fine("assert(describe and it and before_each and pending and string)\n"
                "assert(not pcall(function() return io end) and not pcall(function() return load end))\n"
                "assert.is_function(require 'plateia.background'.after)\n"
                "assert.has_error(function() require 'plateia.raw' end)\n");
}

static void test_a_file_that_is_no_lua_is_told(void **state) {
    (void)state;
    assert_fails("local x = = 1\n", "a_spec.lua:2: unexpected symbol");
    assert_fails("x = 1\n", "a_spec.lua:2: \"x\" cannot be set here");
}

static void test_a_server_has_nothing_of_it(void **state) {
    (void)state;
    rig_open("local fine, why = pcall(require, 'plateia.test')\nsay(fine)\nsay(why)\nreturn {}\n");
    assert_non_null(strstr(rig_said(), "false;"));
    assert_non_null(strstr(rig_said(), "there is no module"));
    struct err err = {0};
    assert_int_equal(scheduler_job(rig.scheduler, rig.generation, JOB_SPECS, NULL, 0, ended, &ending, &err),
                     ERR_NOT_FOUND);
    rig_close_scheduler();
    rig_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_answered),
        cmocka_unit_test(test_one_that_waits_is_waited_for),
        cmocka_unit_test(test_what_no_route_takes_is_answered_too),
        cmocka_unit_test(test_what_is_no_request_is_refused),
        cmocka_unit_test(test_who_ends_takes_the_request_along),
        cmocka_unit_test(test_who_ends_before_it_is_asked_asks_nothing),
        cmocka_unit_test(test_a_letter_still_under_way_at_the_end_is_freed),
        cmocka_unit_test(test_a_file_has_the_scripts_world_and_the_words_of_specs),
        cmocka_unit_test(test_a_file_that_is_no_lua_is_told),
        cmocka_unit_test(test_a_server_has_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
