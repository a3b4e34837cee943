/* test_text_json.c -- each rule of text_json_problem, once kept and once broken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/text.h"
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 4

/* In memory of exactly its size, so that a sanitizer sees one byte read too many. */
static const char *problem_of(const char *text, size_t len) {
    char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    const char *problem = text_json_problem(exact, len, DEPTH);
    free(exact);
    return problem;
}

static void accepts(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        " \t\r\n",
        "{}",
        "[]",
        "null",
        "[true,false,null]",
        "{\"a\":1,\"b\":[2,{\"c\":3}]}",
        "[[[[]]]]",
        "[[],[],[],[],[]]",
        "{\"a\":{\"b\":{\"c\":{}}}}",
        "0",
        "-0",
        "7",
        "10",
        "123456789012345678901234567890",
        "0.5",
        "-1.25",
        "1e5",
        "1E+5",
        "1e-05",
        "0e0",
        "[1]",
        "[1 ,2]",
        "\"\"",
        "\"a b\"",
        "\"\\\"\"",
        "\"\\\\\"",
        "\"\\u0001\"",
        "\"\\u00e9\"",
        "\"\\n\"",
        "\"\x7f\"",
        "\"\\\\u0000\"", /* an escaped backslash, then plain letters */
        "\"[[[[[[\"",
        "\"NaN 01 +1\"",
        "\"\xC3\xA9\"",
        "\"\xF0\x9F\x8E\xAC\"",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *problem = problem_of(rows[i], strlen(rows[i]));
        if (problem) fail_msg("%s: %s", rows[i], problem);
    }
}

struct broken {
    const char *text, *word; /* the answer must hold this word */
};

static void refuses(void **state) {
    (void)state;
    static const struct broken rows[] = {
        {"\"\xFF\"", "UTF-8"},
        {"\"\xC0\x80\"", "UTF-8"},
        {"\"\xED\xA0\x80\"", "UTF-8"},
        {"{}\x80", "UTF-8"},
        {"[[[[[]]]]]", "deep"},
        {"{\"a\":[{\"b\":[{", "deep"},
        {"]", "bracket"},
        {"{}}", "bracket"},
        {"\"a\nb\"", "control"},
        {"\"\t\"", "control"},
        {"\"\x1f\"", "control"},
        {"\"\x01", "control"},
        {"\"\\u0000\"", "\\u0000"},
        {"\"ab\\u0000\"", "\\u0000"},
        {"{\"\\u0000\":1}", "\\u0000"},
        {"\"\\\\\\u0000\"", "\\u0000"},
        {"\"", "no end"},
        {"\"abc", "no end"},
        {"\"abc\\\"", "no end"},
        {"\"abc\\", "no end"},
        {"\"\\u000", "no end"},
        {"01", "number"},
        {"-01", "number"},
        {"00", "number"},
        {"0x10", "number"},
        {"1.", "number"},
        {"1.e5", "number"},
        {"-", "number"},
        {"-.5", "number"},
        {"--1", "number"},
        {"1e", "number"},
        {"1e+", "number"},
        {"1.5.2", "number"},
        {"-Infinity", "number"},
        {"-inf", "number"},
        {"1_000", "number"},
        {"1a", "number"},
        {"[1\"a\"]", "number"},
        {"1+1", "number"},
        {".5", "not JSON"},
        {"+1", "not JSON"},
        {"NaN", "not JSON"},
        {"nan", "not JSON"},
        {"Infinity", "not JSON"},
        {"inf", "not JSON"},
        {"True", "not JSON"},
        {"nul", "not JSON"},
        {"trueish", "not JSON"},
        {"'a'", "not JSON"},
        {"/**/", "not JSON"},
        {"\x01", "not JSON"},
        {"\f{}", "not JSON"},
        {"\xEF\xBB\xBF{}", "not JSON"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *problem = problem_of(rows[i].text, strlen(rows[i].text));
        if (!problem) fail_msg("%s was accepted", rows[i].text);
        if (!strstr(problem, rows[i].word)) fail_msg("%s: %s", rows[i].text, problem);
    }
    assert_non_null(problem_of("{}\0{}", 5)); /* the decoder would stop at the NUL and be content */
    assert_non_null(problem_of("\"a\0b\"", 5));
    assert_non_null(problem_of("1\0", 2));
    assert_null(text_json_problem("{}x", 2, DEPTH)); /* the length ends the text */
}

static void depth_is_what_the_caller_says(void **state) {
    (void)state;
    char text[200];
    memset(text, '[', sizeof(text));
    for (int most = 0; most < 100; most++) {
        assert_null(text_json_problem(text, (size_t)most, most));
        assert_non_null(text_json_problem(text, (size_t)most + 1, most));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(depth_is_what_the_caller_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
