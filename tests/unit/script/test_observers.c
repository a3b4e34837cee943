/* test_observers.c -- events gather while a run goes on, `every` is kept, floods lose the oldest, a failure
 * is nobody else's, and after the stop nothing begins. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/exchange/counts.h"
#include "../../../core/script/observers.h"
#include "../support/script_rig.h"

static struct observers *observers;
static struct counts counts;

static void start(const char *app) {
    rig_open(app);
    counts = (struct counts){0};
    rig.services.counts = &counts;
    struct observers_parts parts = {
        .scheduler = rig.scheduler, .bus = rig.bus, .reactor = rig.reactor, .mailbox = rig.mailbox};
    assert_int_equal(observers_new(&observers, rig.generation, NULL), ERR_OK);
    observers_start(observers, &parts);
}

static int end(void **unused) {
    (void)unused;
    observers_stop(observers);
    rig_close_scheduler();
    bus_unread(rig.bus);
    observers_free(observers);
    rig_close();
    return 0;
}

static void publish(const char *name, const char *text) {
    assert_int_equal(bus_publish(rig.bus, name, text, strlen(text), NULL), ERR_OK);
}

static void go(int n) {
    char text[32];
    snprintf(text, sizeof text, "{\"n\":%d}", n);
    publish("go", text);
}

static void test_one_run_at_a_time(void **unused) {
    (void)unused;
    start("return { routes = {}, observers = { { on = 'go', run = function(events)\n"
          "  local list = {}\n"
          "  for i, event in ipairs(events) do list[i] = event.n end\n"
          "  say('run ' .. table.concat(list, ' ')) wait() say 'done'\n"
          "end } } }\n");
    go(1);
    rig_until("run 1;");
    go(2);
    publish("other", "{\"n\":7}");
    go(3);
    rig_until("run 2 3;done;");
    assert_string_equal(rig_said(), "run 1;done;run 2 3;done;");
}

/* Only the least time is looked at: a busy machine may always be later. */
static void test_every(void **unused) {
    (void)unused;
    int64_t began = clock_ns();
    start("return { routes = {}, observers = { { on = 'go', every = 0.2, run = function(events)\n"
          "  say('run ' .. #events)\n"
          "end } } }\n");
    go(1);
    rig_until("run 1;");
    go(2);
    go(3);
    rig_until("run 2;");
    assert_true(clock_ns() - began >= CLOCK_NS_PER_S / 5);
    assert_string_equal(rig_said(), "run 1;run 2;");
}

static void test_timer(void **unused) {
    (void)unused;
    int64_t began = clock_ns();
    start("local n = 0\n"
          "return { routes = {}, observers = { { every = 0.05, run = function(events)\n"
          "  n = n + 1 say('tick ' .. n .. ' ' .. #events)\n"
          "end } } }\n");
    rig_until("tick 1 0;");
    rig_until("tick 3 0;");
    assert_true(clock_ns() - began >= CLOCK_NS_PER_S / 10);
}

/* 400 events of 7000 bytes are more than an observer keeps: one that is given fewer, without a gap, up to the
 * last. */
static void test_oldest_lost(void **unused) {
    (void)unused;
    static char text[7001];
    char lost[32];
    int first, last, count;
    start("return { routes = {}, observers = { { on = 'go', run = function(events)\n"
          "  say(('%d %d %d'):format(events[1].n, events[#events].n, #events))\n"
          "end } } }\n");
    for (int n = 1; n <= 400; n++) {
        int len = snprintf(text, sizeof text, "{\"n\":%d,\"pad\":\"", n);
        memset(text + len, 'x', sizeof text - (size_t)len - 3);
        memcpy(text + sizeof text - 3, "\"}", 3);
        publish("go", text);
    }
    rig_until(";");
    assert_int_equal(sscanf(rig_said(), "%d %d %d;", &first, &last, &count), 3);
    assert_int_equal(last, 400);
    assert_in_range(first, 2, 400);
    assert_int_equal(count, last - first + 1);
    snprintf(lost, sizeof lost, "\"lost\":%d", first - 1);
    assert_true(rig_logged(lost));
    struct bus_number numbers[BUS_NAMES];
    assert_int_equal(bus_read_numbers(rig.bus, numbers), 1);
    assert_int_equal(numbers[0].dropped, first - 1);
}

static void test_failing_harms_no_other(void **unused) {
    (void)unused;
    start("return { routes = {}, observers = {\n"
          "  { on = 'go', run = function() say 'bad' error 'broken' end },\n"
          "  { on = 'go', run = function(events) say('good ' .. events[1].n) end } } }\n");
    go(1);
    rig_until("good 1;");
    go(2);
    rig_until("good 2;");
    assert_string_equal(rig_said(), "bad;good 1;bad;good 2;");
    assert_true(rig_logged("broken"));
    assert_true(rig_logged("\"failures\":2"));
    assert_int_equal(meter_read(&counts.errors[ROUTE_OBSERVERS]), 2);
}

/* What runs when it is stopped ends as ever. */
static void test_stop(void **unused) {
    (void)unused;
    start("return { routes = {}, observers = { { on = 'go', run = function(events)\n"
          "  say('run ' .. events[1].n) wait() say 'done'\n"
          "end } } }\n");
    go(1);
    rig_until("run 1;");
    go(2);
    observers_stop(observers);
    rig_until("done;");
    go(3);
    rig_turns(20);
    assert_string_equal(rig_said(), "run 1;done;");
}

/* Others read the bus now: what has come is still given, at once; no timer fires any more. */
static void test_retire(void **unused) {
    (void)unused;
    start("return { routes = {}, observers = {\n"
          "  { on = 'go', every = 3600, run = function(events) say('run ' .. #events) wait() say 'done' end "
          "},\n"
          "  { every = 3600, run = function() say 'tick' end } } }\n");
    rig_until("tick;");
    go(1);
    rig_until("run 1;");
    go(2);
    go(3);
    rig_until("done;");
    assert_false(observers_over(observers));
    observers_retire(observers);
    bus_unread(rig.bus);
    go(4);
    rig_until("run 2;");
    assert_false(observers_over(observers));
    rig_until("done;run 2;done;");
    rig_turns(20);
    assert_true(observers_over(observers));
    assert_string_equal(rig_said(), "tick;run 1;done;run 2;done;");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_one_run_at_a_time, end),
                                       cmocka_unit_test_teardown(test_every, end),
                                       cmocka_unit_test_teardown(test_timer, end),
                                       cmocka_unit_test_teardown(test_oldest_lost, end),
                                       cmocka_unit_test_teardown(test_failing_harms_no_other, end),
                                       cmocka_unit_test_teardown(test_stop, end),
                                       cmocka_unit_test_teardown(test_retire, end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
