/* Targets, headers, bodies, recycling and the line in the log. */

#include "../../../core/base/clock.h"
#include "../../../core/base/log.h"
#include "../../../core/base/text.h"
#include "../../../core/http/exchange.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct exchanges exchanges;

static int tear_down(void **state) {
    (void)state;
    exchange_done(&exchanges);
    return 0;
}

static void targets_become_path_and_query(void **state) {
    static const struct {
        const char *target, *path, *query;
    } table[] = {
        {"/", "/", ""},
        {"/a/b%2Fc", "/a/b%2Fc", ""},
        {"/a?b=c?d", "/a", "b=c?d"},
        {"/?", "/", ""},
        {"http://example.org/a?b", "/a", "b"},
        {"HTTP://example.org:80", "/", ""},
        {"https://example.org?b", "/", "b"},
        {"/http://x/y", "/http://x/y", ""},
        {"httpx://a/b", "httpx://a/b", ""},
        {"", "/", ""},
        {"*", "*", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct exchange *exchange = exchange_take(&exchanges, table[i].target, clock_ns());
        assert_string_equal(exchange->target, table[i].target);
        assert_string_equal(exchange->req.path, table[i].path);
        assert_string_equal(exchange->req.query, table[i].query);
        assert_string_equal(exchange->req.body, "");
        assert_true(exchange->req.started_ns > 0);
        exchange_give(&exchanges, exchange);
    }
}

static void headers_lose_white_space_behind(void **state) {
    struct exchange *exchange = exchange_take(&exchanges, "/", clock_ns());
    (void)state;
    assert_true(exchange_expect_headers(exchange, 3));
    assert_true(exchange_add_header(exchange, "A", "b \t ", 4));
    assert_true(exchange_add_header(exchange, "B", "   ", 3));
    assert_true(exchange_add_header(exchange, "C", "d e", 3));
    assert_false(exchange_add_header(exchange, "D", "f", 1)); /* no room */
    assert_string_equal(request_header(&exchange->req, "a"), "b");
    assert_string_equal(request_header(&exchange->req, "b"), "");
    assert_string_equal(request_header(&exchange->req, "c"), "d e");
    exchange_give(&exchanges, exchange);
}

static struct exchange *with_length(const char *length) {
    struct exchange *exchange = exchange_take(&exchanges, "/a", clock_ns());
    exchange_expect_headers(exchange, 3);
    exchange_add_header(exchange, "Host", "h", 1);
    exchange_add_header(exchange, "X-Request-Id", "mine", 4);
    if (length) exchange_add_header(exchange, "Content-Length", length, strlen(length));
    return exchange;
}

static void heads_are_judged(void **state) {
    struct exchange *exchange = with_length("11");
    const char *detail = NULL;
    (void)state;
    assert_int_equal(exchange_judge(exchange, "POST", "HTTP/1.1", 10, &detail), 413);
    assert_non_null(detail);
    assert_int_equal(exchange_judge(exchange, "POST", "HTTP/1.1", 11, &detail), 0);
    assert_int_equal(exchange->req.method, METHOD_POST);
    assert_string_equal(exchange->req.id, "mine");
    exchange_give(&exchanges, exchange);
}

static void bodies_never_outgrow_their_room(void **state) {
    struct exchange *exchange = with_length("5");
    (void)state;
    assert_true(exchange_expect_body(exchange));
    assert_string_equal(exchange->req.body, "");
    assert_true(exchange_add_body(exchange, "abc", 3));
    assert_false(exchange_add_body(exchange, "def", 3));
    assert_true(exchange_add_body(exchange, "d\0", 2));
    assert_false(exchange_add_body(exchange, "e", 1));
    assert_int_equal(exchange->req.body_len, 5);
    assert_memory_equal(exchange->req.body, "abcd\0\0", 6);
    exchange_give(&exchanges, exchange);
    exchange = with_length(NULL);
    assert_true(exchange_expect_body(exchange));
    assert_false(exchange_add_body(exchange, "a", 1));
    exchange_give(&exchanges, exchange);
}

static void the_spare_ones_are_clean_and_few(void **state) {
    static struct exchange *many[400];
    (void)state;
    for (int i = 0; i < 400; i++) {
        many[i] = exchange_take(&exchanges, "/a?b", clock_ns());
        answer_header(&many[i]->req, "A", "b");
        buf_add_str(&many[i]->req.answer.body, "left over");
        many[i]->req.route = "/{x}";
        many[i]->state = EXCHANGE_GONE;
    }
    for (int i = 0; i < 400; i++)
        exchange_give(&exchanges, many[i]);
    assert_in_range(exchanges.count, 1, 399);
    struct exchange *again = exchange_take(&exchanges, "/c", clock_ns());
    assert_int_equal(again->state, EXCHANGE_HEAD);
    assert_int_equal(again->req.answer.header_count, 0);
    assert_int_equal(again->req.answer.body.len, 0);
    assert_null(again->req.route);
    assert_string_equal(again->req.query, "");
    exchange_give(&exchanges, again);
}

static void log_line(struct exchange *exchange, char *line, size_t size) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    exchange_log(exchange);
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    close(ends[1]);
    ssize_t len = read(ends[0], line, size - 1);
    close(ends[0]);
    assert_true(len > 1 && line[len - 1] == '\n');
    line[len - 1] = '\0';
    assert_null(text_json_problem(line, (size_t)len - 1, 4));
}

static void the_log_has_one_line_each(void **state) {
    char line[1000];
    const char *detail;
    struct exchange *exchange = with_length(NULL);
    (void)state;
    exchange_judge(exchange, "DELETE", "HTTP/1.1", 0, &detail);
    exchange->req.route = "/{name}";
    exchange->req.peer = "192.0.2.1";
    exchange->req.answer.status = 404;
    exchange->sent = 17;
    exchange->state = EXCHANGE_SENDING;
    exchange->req.generation = 6; /* it began with the scripts before */
    log_generation(7);
    log_line(exchange, line, sizeof(line));
    assert_int_equal(log_generation(0), 7);
    const char *parts[] = {"\"message\":\"request\"",
                           "\"request_id\":\"mine\"",
                           "\"method\":\"DELETE\"",
                           "\"path\":\"/a\"",
                           "\"route\":\"/{name}\"",
                           "\"status\":404",
                           "\"bytes\":17",
                           "\"peer\":\"192.0.2.1\"",
                           "\"generation\":6,",
                           "\"ms\":"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        assert_non_null(strstr(line, parts[i]));
    assert_null(strstr(line, "trace_id"));
    exchange->req.header_count = 0;
    exchange->req.trace_sought = false;
    exchange_add_header(exchange, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                        55);
    exchange->state = EXCHANGE_GONE;
    exchange->req.method = METHOD_COUNT;
    exchange->req.route = NULL;
    log_line(exchange, line, sizeof(line));
    assert_non_null(strstr(line, "\"status\":499"));
    assert_non_null(strstr(line, "\"method\":null"));
    assert_non_null(strstr(line, "\"route\":null"));
    assert_non_null(strstr(line, "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\""));
    exchange_give(&exchanges, exchange);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(targets_become_path_and_query),
        TEST(headers_lose_white_space_behind),
        TEST(heads_are_judged),
        TEST(bodies_never_outgrow_their_room),
        TEST(the_spare_ones_are_clean_and_few),
        TEST(the_log_has_one_line_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
