/* Both shapes of an error, and who gets which. */

#include "../../../core/base/text.h"
#include "../../../core/exchange/problem.h"
#include "../../../core/exchange/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct request req;
static struct header headers[1];

static int set_up(void **state) {
    (void)state;
    req = (struct request){.id = "id-1", .headers = headers};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    buf_done(&req.answer.body);
    arena_done(&req.arena);
    return 0;
}

static void accept(const char *value) {
    headers[0] = (struct header){"Accept", value};
    req.header_count = 1;
}

static void assert_body(const char *body) {
    assert_string_equal(req.answer.body.data, body);
    assert_null(text_json_problem(req.answer.body.data, req.answer.body.len, 8));
}

static void assert_header(const char *name, const char *value) {
    const char *is = answer_header_get(&req, name);
    if (value)
        assert_string_equal(is, value);
    else
        assert_null(is);
}

static void the_default_is_detail(void **state) {
    (void)state;
    problem_say(&req, 404, "No such thing.");
    assert_int_equal(req.answer.status, 404);
    assert_body("{\"detail\":\"No such thing.\"}");
    assert_header("Content-Type", "application/json");
    assert_header("Retry-After", NULL);
}

static void without_words_it_is_the_status(void **state) {
    (void)state;
    problem_say(&req, 500, NULL);
    assert_body("{\"detail\":\"Internal Server Error\",\"request_id\":\"id-1\"}");
    assert_string_equal(problem_title(422), "Unprocessable Content");
    assert_string_equal(problem_title(418), "Client Error");
    assert_string_equal(problem_title(599), "Server Error");
}

static void field_errors_take_the_place_of_detail(void **state) {
    (void)state;
    problem_answer(&req, &(struct problem){.status = 422, .errors = "[{\"type\":\"missing\"}]"});
    assert_body("{\"detail\":[{\"type\":\"missing\"}]}");
}

static void more_members_stand_beside(void **state) {
    (void)state;
    struct problem problem = {.status = 409, .detail = "Again?", .more = "\"next\":\"2030\",\"n\":1"};
    problem_answer(&req, &problem);
    assert_body("{\"detail\":\"Again?\",\"next\":\"2030\",\"n\":1}");
    accept("application/problem+json");
    problem_answer(&req, &problem);
    assert_body("{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"Again?\","
                "\"request_id\":\"id-1\",\"next\":\"2030\",\"n\":1}");
    problem.more = "";
    problem_answer(&req, &problem);
    assert_null(text_json_problem(req.answer.body.data, req.answer.body.len, 8));
}

static void rfc9457_has_all_members(void **state) {
    (void)state;
    accept("application/problem+json");
    problem_answer(&req, &(struct problem){.status = 422, .errors = "[{\"pointer\":\"#/a\"}]"});
    assert_body("{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
                "\"detail\":\"Unprocessable Content\",\"request_id\":\"id-1\","
                "\"errors\":[{\"pointer\":\"#/a\"}]}");
    assert_header("Content-Type", "application/problem+json");
}

static void the_generation_stands_last(void **state) {
    struct problem problem = {.status = 409, .detail = "Again?", .more = "\"next\":\"2030\""};
    (void)state;
    req.generation = 7;
    problem_say(&req, 404, NULL);
    assert_body("{\"detail\":\"Not Found\",\"generation\":7}");
    problem_answer(&req, &(struct problem){.status = 422, .errors = "[{\"type\":\"missing\"}]"});
    assert_body("{\"detail\":[{\"type\":\"missing\"}],\"generation\":7}");
    problem_answer(&req, &problem);
    assert_body("{\"detail\":\"Again?\",\"next\":\"2030\",\"generation\":7}");
    accept("application/problem+json");
    problem_answer(&req, &problem);
    assert_body("{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"Again?\","
                "\"request_id\":\"id-1\",\"next\":\"2030\",\"generation\":7}");
}

static void only_who_names_it_gets_rfc9457(void **state) {
    static const struct {
        const char *accept;
        bool rfc9457;
    } table[] = {
        {"application/problem+json", true},
        {"APPLICATION/Problem+JSON", true},
        {"text/html, application/problem+json;q=0.5", true},
        {"application/json, application/problem+json", true},
        {"application/json;q=0.5,application/problem+json;q=0.5", true},
        {"application/json;q=0.8 , application/problem+json;q=0.7", false},
        {"application/problem+json ; charset=utf-8 ; q=0.1", true},
        {"application/problem+json;q=0", false},
        {"application/problem+json;q=0.000", false},
        {"application/problem+json;q=nan", false},
        {"application/problem+json;q=1e300", true},
        {"application/problem+json;q=-1", false},
        {"application/problem+jsonx", false},
        {"application/json", false},
        {"application/*", false},
        {"*/*", false},
        {"", false},
        {",,;,", false},
        {";q=1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        accept(table[i].accept);
        problem_say(&req, 400, "x");
        assert_header("Content-Type", table[i].rfc9457 ? "application/problem+json" : "application/json");
    }
}

static void some_statuses_bring_headers(void **state) {
    (void)state;
    problem_say(&req, 503, "Busy.");
    assert_header("Retry-After", "1");
    answer_reset(&req);
    problem_say(&req, 429, "Slow down.");
    assert_header("Retry-After", "1");
    answer_reset(&req);
    answer_header(&req, "retry-after", "30");
    problem_say(&req, 503, "Busy.");
    assert_header("Retry-After", "30");
    answer_reset(&req);
    problem_say(&req, 401, "Who?");
    assert_header("WWW-Authenticate", "Bearer");
    answer_reset(&req);
    answer_header(&req, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
    problem_say(&req, 401, "Who?");
    assert_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
}

static void what_was_answered_is_replaced(void **state) {
    (void)state;
    answer_stream(&req, "news");
    answer_header_set(&req, "Content-Type", "text/csv");
    answer_header(&req, "X-Kept", "yes");
    buf_add_str(&req.answer.body, "a,b,c");
    problem_say(&req, 500, NULL);
    assert_int_equal(req.answer.status, 500);
    assert_null(req.answer.stream);
    assert_body("{\"detail\":\"Internal Server Error\",\"request_id\":\"id-1\"}");
    assert_header("Content-Type", "application/json");
    assert_header("X-Kept", "yes");
    assert_int_equal(req.answer.header_count, 4);
}

static void any_words_make_valid_json(void **state) {
    (void)state;
    problem_say(&req, 400, "He said \"no\\yes\"\n\t\x01 caf\xc3\xa9");
    assert_body("{\"detail\":\"He said \\\"no\\\\yes\\\"\\n\\t\\u0001 caf\xc3\xa9\"}");
    problem_say(&req, 400, "\xff\xfe");
    assert_null(text_json_problem(req.answer.body.data, req.answer.body.len, 8));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_default_is_detail),
        TEST(without_words_it_is_the_status),
        TEST(field_errors_take_the_place_of_detail),
        TEST(more_members_stand_beside),
        TEST(rfc9457_has_all_members),
        TEST(the_generation_stands_last),
        TEST(only_who_names_it_gets_rfc9457),
        TEST(some_statuses_bring_headers),
        TEST(what_was_answered_is_replaced),
        TEST(any_words_make_valid_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
