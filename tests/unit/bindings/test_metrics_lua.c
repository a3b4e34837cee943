/* raw.metrics: what a script may declare, and that nothing it counts with can do harm. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/bindings/bindings.h"
#include "../../../core/services/metrics.h"
#include "../support/state.h"
#include <string.h>

static struct services services;
static struct context context;
static struct task task;
static lua_State *L;
static struct buf page;

static int set_up(void **state) {
    (void)state;
    struct metrics *metrics = NULL;
    if (metrics_new(&metrics, 1, NULL) != ERR_OK) return -1;
    services = (struct services){.metrics = metrics, .metrics_writer = metrics_writer(metrics, 0)};
    context = (struct context){.services = &services, .generation = 1};
    L = state_new(&context);
    luaL_openlibs(L);
    bindings_metrics(L);
    lua_setglobal(L, "metrics");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    state_free(L, &context);
    metrics_free(services.metrics);
    buf_done(&page);
    return 0;
}

/* While scripts load, or as a handler that runs. */
static const char *run(bool loading, const char *code) {
    context.running = loading ? NULL : &task;
    if (luaL_dostring(L, code) == LUA_OK) return "";
    return lua_tostring(L, -1);
}

static void works(bool loading, const char *code) {
    assert_string_equal(run(loading, code), "");
}

static void fails(bool loading, const char *code, const char *words) {
    const char *said = run(loading, code);
    if (!strstr(said, words)) fail_msg("%s says \"%s\", not \"%s\"", code, said, words);
}

static const char *shown(void) {
    buf_clear(&page);
    metrics_write(services.metrics, 1, &page);
    return page.data;
}

static void test_declared_and_counted(void **state) {
    (void)state;
    works(true, "a = metrics.declare('counter', 'tries_total', 'Tries.', {'result', 'way'})");
    works(true, "g = metrics.declare('gauge', 'depth_meters', 'Depth.')");
    works(true, "h = metrics.declare('histogram', 'size_bytes', 'Sizes.', nil, {1, 10})");
    works(false,
          "metrics.add(a, 1, 'good', true) metrics.add(a, 1.5, 'good', true) metrics.add(a, 1, 7, 2.5)");
    works(false, "metrics.set(g, -3) metrics.add(g, 1) metrics.add(h, 10)");
    assert_non_null(strstr(shown(), "tries_total{result=\"good\",way=\"true\"} 2.5\n"));
    assert_non_null(strstr(page.data, "tries_total{result=\"7\",way=\"2.5\"} 1\n"));
    assert_non_null(strstr(page.data, "depth_meters -2\n"));
    assert_non_null(strstr(page.data, "size_bytes_bucket{le=\"10\"} 1\n"));
}

static void test_refusals_are_told_and_not_raised(void **state) {
    (void)state;
    works(true, "local n, why, code = metrics.declare('counter', 'tries', 'Tries.')\n"
                "assert(n == nil and code == 'invalid' and why:find('_total', 1, true), why)");
    works(true, "local n, why = metrics.declare('counter', 'http_x_total', 'X.')\n"
                "assert(n == nil and why:find('the core', 1, true), why)");
}

static void test_misuse_raises(void **state) {
    (void)state;
    works(true, "a = metrics.declare('counter', 'tries_total', 'Tries.', {'result'})");
    fails(true, "metrics.declare('sum', 'x', 'X.')", "invalid option");
    fails(true, "metrics.declare('gauge', 'x', 'X.', {1})", "a list of names");
    fails(true, "metrics.declare('gauge', 'x', 'X.', {'a','b','c','d','e'})", "at most 4 labels");
    fails(true, "metrics.declare('histogram', 'x', 'X.', nil, {'a'})", "a list of numbers");
    fails(false, "metrics.declare('gauge', 'x', 'X.')", "declared while scripts load");
    fails(true, "metrics.add(a, 1, 'good')", "not what loads");
    fails(false, "metrics.add(a, 1)", "tries_total: 0 labels were given, and it has 1");
    fails(false, "metrics.add(a, 1, 'a', 'b')", "2 labels were given");
    fails(false, "metrics.add(a, 1, {})", "the label result is a table");
    fails(false, "metrics.add(a, -1, 'good')", "a counter only rises");
    fails(false, "metrics.add(a, 0/0, 'good')", "the value is no number");
    fails(false, "metrics.add(a, math.huge, 'good')", "the value is no number");
    fails(false, "metrics.add(a, 'x', 'good')", "the value is no number");
    fails(false, "metrics.add(a, nil, 'good')", "the value is no number");
    fails(false, "local function add(...) metrics.add(...) end\n\nadd(a, 1)", ":3: tries_total: 0 labels");
    fails(false, "metrics.set(a, 1, 'good')", "only a gauge is set");
    fails(false, "metrics.add(99, 1)", "there is no such metric");
    fails(false, "metrics.add(-1, 1)", "there is no such metric");
    fails(false, "metrics.add(2^53 // 1 | 0, 1)", "there is no such metric");
}

static void test_labels_may_hold_anything(void **state) {
    (void)state;
    works(true, "a = metrics.declare('counter', 'tries_total', 'Tries.', {'result'})");
    works(false, "metrics.add(a, 1, 'a\\0b') metrics.add(a, 1, '\\255') metrics.add(a, 1, ('x'):rep(1e6))");
    works(false, "for i = 1, 10000 do metrics.add(a, 1, i) end");
    assert_non_null(strstr(shown(), "tries_total{result=\"a\"} 1\n"));
    assert_non_null(strstr(page.data, "tries_total{result=\"other\"} "));
    assert_true(page.len < 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_declared_and_counted),
                                       TEST(test_refusals_are_told_and_not_raised), TEST(test_misuse_raises),
                                       TEST(test_labels_may_hold_anything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
