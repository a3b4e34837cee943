/* Which traceparent is taken, what is handed on of it, and when a trace begins here. */

#include "../../../core/exchange/trace.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"
#define GOOD   "00-" TRACE "-" PARENT "-01"
#define ZEROES "0000000000000000"

static struct request req;

static int set_up(void **state) {
    (void)state;
    req = (struct request){0};
    request_id_make(req.id);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_done(&req.arena);
    return 0;
}

static void good_ones_are_taken(void **state) {
    static const struct {
        const char *text;
        unsigned char flags;
    } good[] = {
        {GOOD, 1},
        {"00-" TRACE "-" PARENT "-00", 0},
        {"00-" TRACE "-" PARENT "-03", 3},         /* level 2: the id is random */
        {"00-" TRACE "-" PARENT "-ff", 3},         /* bits that we do not know are not ours to promise */
        {"01-" TRACE "-" PARENT "-01", 1},         /* of a newer version what we know of it */
        {"fe-" TRACE "-" PARENT "-01-further", 1}, /* and it may have more */
        {"cc-" TRACE "-" PARENT "-01-", 1},
        {"00-" ZEROES "0000000000000001-0000000000000001-01", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct trace trace;
        if (!trace_parse(&trace, good[i].text)) fail_msg("not taken: %s", good[i].text);
        assert_int_equal(trace.flags, good[i].flags);
        assert_memory_equal(trace.id, good[i].text + 3, TRACE_ID);
        assert_memory_equal(trace.parent, good[i].text + 36, TRACE_SPAN);
        assert_int_equal(trace.id[TRACE_ID] + trace.parent[TRACE_SPAN], 0);
    }
}

static void bad_ones_are_not(void **state) {
    static const char *const bad[] = {
        "",
        "00",
        "nonsense",
        "ff-" TRACE "-" PARENT "-01",         /* no version at all */
        "0-" TRACE "-" PARENT "-01",          /* */
        "0x-" TRACE "-" PARENT "-01",         /* */
        "00-" ZEROES ZEROES "-" PARENT "-01", /* nobody's trace */
        "00-" TRACE "-" ZEROES "-01",         /* nobody's span */
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
        "00-" TRACE "-00F067AA0BA902B7-01",   /* */
        "00-" TRACE "-" PARENT "-0A",         /* */
        "00-" TRACE "-" PARENT "-0",          /* too short */
        "00-" TRACE "-" PARENT "-011",        /* too long */
        "00-" TRACE "-" PARENT "-01-more",    /* which only newer versions may have */
        "cc-" TRACE "-" PARENT "-01x",        /* */
        "cc-" TRACE "-" PARENT "-01.further", /* */
        "00-" TRACE "0-0f067aa0ba902b7-01",   /* dashes in wrong places */
        "00_" TRACE "_" PARENT "_01",         /* */
        " " GOOD,                             /* */
        GOOD " ",                             /* */
        "00-" TRACE "-" PARENT "-0g",         /* */
        "00-4bf92f3577b34da6a3ce929d0e0e473g-" PARENT "-01",
        GOOD "," GOOD, /* */
    };
    struct trace trace;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (trace_parse(&trace, bad[i])) fail_msg("taken: %s", bad[i]);
}

static void states_are_lists_of_keys_and_values(void **state) {
    static const char *const good[] = {"a=1",
                                       "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
                                       "a=1, b=2 ,\tc=3",
                                       "a=1,,b=2",
                                       "tenant@system=x",
                                       "0a_-*/=!\"#$%&'()*+-./:;<>?@[]^`{|}~",
                                       "a= b"};
    static const char *const bad[] = {"",    ",",         " ",     "a",    "a=",         "=1",
                                      "A=1", "a=1;b=2=3", "a=1,b", "_a=1", "a=\xc3\xa9", "a=1\tb"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!trace_state_ok(good[i])) fail_msg("not taken: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (trace_state_ok(bad[i])) fail_msg("taken: %s", bad[i]);
}

static void a_state_has_so_many_members(void **state) {
    char text[33 * 4 + 1] = "";
    (void)state;
    for (int i = 0; i < 32; i++)
        strcat(text, "a=1,");
    assert_true(trace_state_ok(text));
    strcat(text, "a=1");
    assert_false(trace_state_ok(text));
    char key[257 + 3];
    memset(key, 'k', sizeof key);
    memcpy(key + 256, "=1", 3);
    assert_true(trace_state_ok(key));
    memcpy(key + 257, "=1", 3);
    key[256] = 'k';
    assert_false(trace_state_ok(key));
}

/* Of the request under test. */
static void give(const struct header *headers, size_t count) {
    req.headers = headers;
    req.header_count = count;
}

static void a_request_goes_on_with_its_clients_trace(void **state) {
    static const struct header headers[] = {
        {"Host", "h"}, {"TraceParent", GOOD}, {"tracestate", "a=1"}, {"te", "x"}, {"Tracestate", "b=2"}};
    char text[TRACE_TEXT];
    (void)state;
    give(headers, 5);
    const struct trace *trace = request_trace(&req);
    assert_non_null(trace);
    assert_string_equal(trace->id, TRACE);
    assert_string_equal(trace->parent, PARENT);
    assert_int_equal(strlen(trace->span), TRACE_SPAN);
    assert_string_not_equal(trace->span, PARENT);
    trace_write(trace, text);
    assert_memory_equal(text, "00-" TRACE "-", 36);
    assert_memory_equal(text + 36, trace->span, TRACE_SPAN);
    assert_string_equal(text + 52, "-01");
    assert_ptr_equal(request_trace(&req), trace); /* one span a request */
    assert_ptr_equal(request_trace_begin(&req), trace);
    const char *joined = request_trace_state(&req);
    assert_string_equal(joined, "a=1,b=2");
    assert_ptr_equal(request_trace_state(&req), joined); /* nothing grows with asking */

    struct log_field fields[2];
    assert_int_equal(request_trace_fields(&req, fields), 2);
    assert_string_equal(fields[0].name, "trace_id");
    assert_string_equal(fields[0].text, TRACE);
    assert_string_equal(fields[1].text, trace->span);
}

static void what_is_not_good_is_as_if_it_was_not_sent(void **state) {
    static const struct header none[] = {{"Host", "h"}, {"tracestate", "a=1"}},
                               broken[] = {{"traceparent", "00-1-2-3"}, {"tracestate", "a=1"}},
                               two[] = {{"traceparent", GOOD}, {"Traceparent", GOOD}};
    static const struct header *const all[] = {none, broken, two};
    struct log_field fields[2];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        req.trace_sought = false;
        give(all[i], 2);
        assert_null(request_trace(&req));
        assert_null(request_trace_state(&req));
        assert_int_equal(request_trace_fields(&req, fields), 0);
    }
}

static void a_bad_state_is_left_out_and_the_trace_goes_on(void **state) {
    static const struct header headers[] = {{"traceparent", GOOD}, {"tracestate", "a"}};
    (void)state;
    give(headers, 2);
    assert_non_null(request_trace(&req));
    assert_null(request_trace_state(&req));
}

static void one_begins_under_the_requests_id(void **state) {
    (void)state;
    give(NULL, 0);
    const struct trace *trace = request_trace_begin(&req);
    assert_string_equal(trace->id, req.id);
    assert_string_equal(trace->parent, "");
    assert_int_equal(trace->flags, 0);
    assert_null(request_trace_state(&req));
    assert_ptr_equal(request_trace(&req), trace); /* from here on the log tells it */
}

static void or_under_one_of_its_own(void **state) {
    static const char *const ids[] = {"mine", "4BF92F3577B34DA6A3CE929D0E0E4736", ZEROES ZEROES};
    struct trace parsed;
    char text[TRACE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        req.trace = NULL;
        strcpy(req.id, ids[i]);
        const struct trace *trace = request_trace_begin(&req);
        assert_string_not_equal(trace->id, ids[i]);
        assert_int_equal(trace->flags, TRACE_RANDOM);
        trace_write(trace, text);
        assert_true(trace_parse(&parsed, text));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(good_ones_are_taken),
        TEST(bad_ones_are_not),
        TEST(states_are_lists_of_keys_and_values),
        TEST(a_state_has_so_many_members),
        TEST(a_request_goes_on_with_its_clients_trace),
        TEST(what_is_not_good_is_as_if_it_was_not_sent),
        TEST(a_bad_state_is_left_out_and_the_trace_goes_on),
        TEST(one_begins_under_the_requests_id),
        TEST(or_under_one_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
