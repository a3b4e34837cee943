/* Headers in and out, the refusal to split an answer, and ids. */

#include "../../../core/exchange/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state) {
    static struct request req;
    req = (struct request){0};
    *state = &req;
    return 0;
}

static int tear_down(void **state) {
    struct request *req = *state;
    buf_done(&req->answer.body);
    arena_done(&req->arena);
    return 0;
}

static void methods_have_names(void **state) {
    (void)state;
    for (enum method method = 0; method < METHOD_COUNT; method++)
        assert_int_equal(method_from(method_name(method)), method);
    assert_string_equal(method_name(METHOD_OPTIONS), "OPTIONS");
    assert_int_equal(method_from("get"), METHOD_COUNT); /* methods have case */
    assert_int_equal(method_from("CONNECT"), METHOD_COUNT);
    assert_int_equal(method_from("TRACE"), METHOD_COUNT);
    assert_int_equal(method_from(""), METHOD_COUNT);
    assert_null(method_name(METHOD_COUNT));
}

static void the_first_header_of_a_name_is_found(void **state) {
    struct request *req = *state;
    const struct header headers[] = {{"Accept", "a"}, {"X-One", "1"}, {"x-one", "2"}};
    req->headers = headers;
    req->header_count = 3;
    assert_string_equal(request_header(req, "x-ONE"), "1");
    assert_string_equal(request_header(req, "accept"), "a");
    assert_null(request_header(req, "X-On"));
    assert_null(request_header(req, "X-One2"));
}

static void answers_keep_many_headers_in_order(void **state) {
    struct request *req = *state;
    char name[] = "X-A";
    for (int i = 0; i < 26; i++) {
        name[2] = (char)('A' + i);
        assert_true(answer_header(req, name, name)); /* copied: name changes under it */
    }
    assert_int_equal(req->answer.header_count, 26);
    assert_string_equal(req->answer.headers[0].name, "X-A");
    assert_string_equal(req->answer.headers[25].value, "X-Z");
    assert_string_equal(answer_header_get(req, "x-m"), "X-M");
}

static void an_answer_cannot_be_split(void **state) {
    struct request *req = *state;
    const char *bad_values[] = {"a\r\nSet-Cookie: x=1", "a\n", "\r", "a\x01", "a\x7f"};
    const char *bad_names[] = {"", "X A", "X:", "X\r\n", "X\n", "X-\xc3\xa9", "X(", "X\t"};
    for (size_t i = 0; i < sizeof(bad_values) / sizeof(*bad_values); i++) {
        assert_false(answer_header(req, "X-A", bad_values[i]));
        assert_false(answer_header_set(req, "X-A", bad_values[i]));
    }
    for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++)
        assert_false(answer_header(req, bad_names[i], "a"));
    assert_int_equal(req->answer.header_count, 0);
    assert_true(answer_header(req, "X-!#$%&'*+.^_`|~9", "caf\xc3\xa9\ttab, \"quoted\""));
}

static void setting_replaces_all_of_a_name(void **state) {
    struct request *req = *state;
    answer_header(req, "Link", "a");
    answer_header(req, "ETag", "b");
    answer_header(req, "link", "c");
    assert_true(answer_header_set(req, "LINK", "d"));
    assert_int_equal(req->answer.header_count, 2);
    assert_string_equal(req->answer.headers[0].name, "ETag");
    assert_string_equal(answer_header_get(req, "Link"), "d");
}

static void reset_forgets_the_answer(void **state) {
    struct request *req = *state;
    req->answer.status = 200;
    answer_header(req, "ETag", "b");
    buf_add_str(&req->answer.body, "text");
    answer_reset(req);
    assert_int_equal(req->answer.status, 0);
    assert_int_equal(req->answer.header_count, 0);
    assert_int_equal(req->answer.body.len, 0);
    assert_null(answer_header_get(req, "ETag"));
}

static void note_answered(struct request *req) {
    req->work = req;
}

static void a_stream_is_named_and_kept_by_nobody(void **state) {
    struct request *req = *state;
    assert_false(answer_stream(req, "two words"));
    assert_null(req->answer.stream);
    answer_header(req, "Cache-Control", "public");
    assert_true(answer_stream(req, "news"));
    assert_string_equal(req->answer.stream, "news");
    assert_int_equal(req->answer.status, 200);
    assert_string_equal(answer_header_get(req, "Content-Type"), "text/event-stream");
    assert_string_equal(answer_header_get(req, "Cache-Control"), "no-store");
    assert_string_equal(answer_header_get(req, "X-Accel-Buffering"), "no");
    answer_reset(req);
    assert_null(req->answer.stream);
}

static void answering_tells_http(void **state) {
    struct request *req = *state;
    req->on_answered = note_answered;
    request_answered(req);
    assert_ptr_equal(req->work, req);
}

static void fresh_ids_are_hex_and_differ(void **state) {
    static char ids[40][REQUEST_ID_SIZE]; /* more than one visit to the kernel */
    (void)state;
    for (int i = 0; i < 40; i++) {
        request_id_make(ids[i]);
        assert_int_equal(strlen(ids[i]), 32);
        assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
}

static void only_well_formed_ids_are_taken(void **state) {
    char id[REQUEST_ID_SIZE], longest[REQUEST_ID_SIZE + 1];
    const char *bad[] = {"", "a b", "a\"", "a/b", "\xc3\xa9", "a\n", "<x>"};
    (void)state;
    request_id_choose(id, "Abc-1.2_3");
    assert_string_equal(id, "Abc-1.2_3");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        request_id_choose(id, bad[i]);
        assert_int_equal(strlen(id), 32);
    }
    request_id_choose(id, NULL);
    assert_int_equal(strlen(id), 32);
    memset(longest, 'x', sizeof(longest));
    longest[128] = '\0';
    request_id_choose(id, longest);
    assert_string_equal(id, longest);
    longest[128] = 'x';
    longest[129] = '\0';
    request_id_choose(id, longest);
    assert_int_equal(strlen(id), 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_have_names),
        cmocka_unit_test_setup_teardown(the_first_header_of_a_name_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_keep_many_headers_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_cannot_be_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(setting_replaces_all_of_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reset_forgets_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_is_named_and_kept_by_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answering_tells_http, set_up, tear_down),
        cmocka_unit_test(fresh_ids_are_hex_and_differ),
        cmocka_unit_test(only_well_formed_ids_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
