/* test_pattern.c -- what matches, what is malformed, and that no search goes on for ever. That all of it is
 * as Lua has it is proved by bindings/test_string.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/pattern.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 2048

static struct pattern_node nodes[ROOM];
static struct pattern pattern;
static struct err err;

static enum err_code search(const char *subject, size_t len, const char *text, const char **s,
                            const char **e) {
    bool anchored = *text == '^';
    assert_true(pattern_room(strlen(text)) <= ROOM);
    pattern_read(&pattern, nodes, text + anchored, strlen(text) - anchored);
    pattern_subject(&pattern, subject, len);
    *s = subject;
    return anchored ? pattern_match(&pattern, subject, e, &err)
                    : pattern_search(&pattern, subject, s, e, &err);
}

/* "start-end" and the captures, "none", or the error's sentence. */
static const char *told(const char *subject, const char *text) {
    static char result[512];
    const char *s, *e;
    enum err_code code = search(subject, strlen(subject), text, &s, &e);
    if (code == ERR_NOT_FOUND) return "none";
    if (code != ERR_OK) return err.text;
    size_t at = (size_t)snprintf(result, sizeof result, "%td-%td", s - subject, e - subject);
    for (size_t i = 0; i < pattern.count; i++) {
        const struct pattern_capture *capture = &pattern.captures[i];
        if (capture->len < 0)
            at += (size_t)snprintf(result + at, sizeof result - at,
                                   capture->len == PATTERN_OPEN ? " open" : " @%td", capture->at - subject);
        else
            at += (size_t)snprintf(result + at, sizeof result - at, " %.*s", (int)capture->len, capture->at);
    }
    return result;
}

static void what_matches(void **unused) {
    (void)unused;
    static const char *const rows[][3] = {
        {"hello", "l+", "2-4"},
        {"hello", "^l+", "none"},
        {"hello", "", "0-0"},
        {"", "", "0-0"},
        {"", ".", "none"},
        {"", ".*$", "0-0"},
        {"hello", "o$", "4-5"},
        {"a$b", "a$b", "0-3"},
        {"a^b", "a^b", "0-3"},
        {"abc", ".-", "0-0"},
        {"abc", ".-$", "0-3"},
        {"aaab", "a-b", "0-4"},
        {"aaab", "a?ab", "1-4"},
        {"color colour", "colou?r$", "6-12"},
        {"  trim me ", "^%s*(.-)%s*$", "0-10 trim me"},
        {"key = value", "(%w+)%s*=%s*(%w+)", "0-11 key value"},
        {"abcabc", "(abc)%1", "0-6 abc"},
        {"abcabd", "(abc)%1", "none"},
        {"xaax", "(.)(.)%2%1", "0-4 x a"},
        {"hello", "()ll()", "2-4 @2 @4"},
        {"hello", "()%1", "none"},
        {"f(a(b)c)d", "%b()", "1-8"},
        {"((", "%b()", "none"},
        {"xx x", "%bxx", "0-2"},
        {"THE (quick) fox", "%f[%a]%a+%f[%A]", "0-3"},
        {"fox", "%f[%z]", "3-3"},
        {"a.b", "%.", "1-2"},
        {"a]b", "[]]", "1-2"},
        {"a]b", "[^]a]", "2-3"},
        {"a-b", "[a-]+", "0-2"},
        {"x^y", "[x^]+", "0-2"},
        {"az%", "[%a-z]+", "0-2"},
        {"12ab", "%d%d%a%a", "0-4"},
        {"123", "%d%d%d?", "0-3"},
        {"12", "%d%d%d", "none"},
        {"1234", "%d%d+", "0-4"},
        {"a%b", "%%%a", "1-3"},
        {"**", "**", "0-2"},
        {"\xC3\xA9", "[\x80-\xFF]+", "0-2"},
        {"ab", "((a)(b))", "0-2 ab a b"},
        {"aab", "(a*(.))b", "0-3 aa a"},
        {"ab", "(a", "0-1 open"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(told(rows[i][0], rows[i][1]), rows[i][2]) != 0)
            fail_msg("%s in %s: %s, not %s", rows[i][1], rows[i][0], told(rows[i][0], rows[i][1]),
                     rows[i][2]);
}

static void what_is_malformed(void **unused) {
    (void)unused;
    static const char *const rows[][2] = {
        {"a%", "malformed pattern (ends with '%')"},
        {"a[", "malformed pattern (missing ']')"},
        {"a[]", "malformed pattern (missing ']')"},
        {"a[^]", "malformed pattern (missing ']')"},
        {"a[b%", "malformed pattern (missing ']')"},
        {"a[%]", "malformed pattern (missing ']')"},
        {"a%f[b", "malformed pattern (missing ']')"},
        {"a%f", "missing '[' after '%f' in pattern"},
        {"a%fb", "missing '[' after '%f' in pattern"},
        {"a%b", "malformed pattern (missing arguments to '%b')"},
        {"a%b(", "malformed pattern (missing arguments to '%b')"},
        {"a)", "invalid pattern capture"},
        {"(a))", "invalid pattern capture"},
        {"a%1", "invalid capture index %1"},
        {"(a%1)", "invalid capture index %1"},
        {"(a)%2", "invalid capture index %2"},
        {"a%0", "invalid capture index %0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(told("ab", rows[i][0]), rows[i][1]);
        assert_string_equal(told("xy", rows[i][0]), "none"); /* it never comes to the fault */
    }
    char many[ROOM / 2] = "";
    for (int i = 0; i < PATTERN_CAPTURES; i++)
        strcat(many, "()");
    assert_memory_equal(told("a", many), "0-0 @0", 6);
    assert_string_equal(told("a", strcat(many, "(")), "too many captures");
}

/* Far more pieces and ways than a stack would hold. */
static void long_patterns_and_subjects(void **unused) {
    (void)unused;
    const size_t len = 1 << 20;
    char *subject = malloc(len), text[ROOM] = "";
    const char *s, *e;
    assert_non_null(subject);
    memset(subject, 'x', len);
    assert_int_equal(search(subject, len, "^.-$", &s, &e), ERR_OK);
    assert_ptr_equal(e, subject + len);
    assert_int_equal(search(subject, len, "(.*)$", &s, &e), ERR_OK);
    assert_int_equal(pattern.captures[0].len, len);
    assert_int_equal(search(subject, len, "x-x-$", &s, &e), ERR_OK);
    for (int i = 0; i < 600; i++)
        strcat(text, "x?.");
    assert_int_equal(search(subject, len, text, &s, &e), ERR_OK);
    assert_int_equal(e - s, 1200);
    free(subject);
}

static void a_budget_is_kept(void **unused) {
    (void)unused;
    static const char *const costly[] = {".-.-.-.-.-.-y",    ".*.*.*.*.*.*y", "x?x?x?x?x?x-x-x-y",
                                         "(.-)%1%1%1y",      "%bxyz",         "(x+)*x+x+x+y",
                                         "[^y]-[^y]-[^y]-y", "xx-x-x-x-yz"};
    char subject[4096];
    const char *s, *e;
    memset(subject, 'x', sizeof subject);
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        enum err_code code = search(subject, sizeof subject, costly[i], &s, &e);
        if (code != ERR_LIMIT && pattern.steps * 2 < sizeof subject) fail_msg("%s: %d", costly[i], code);
        assert_true(pattern.steps <= pattern.most + 2 * sizeof subject);
    }
    assert_int_equal(search(subject, sizeof subject, costly[0], &s, &e), ERR_LIMIT);
    assert_string_equal(err.text,
                        "pattern is too costly: more than 1131072 steps on 4096 bytes (a simpler pattern, "
                        "or plain find, is needed)");
    assert_int_equal(search(subject, sizeof subject, "x", &s, &e), ERR_OK);
    assert_int_equal(pattern_spend(&pattern, 1000000, &err), ERR_OK);
    assert_int_equal(pattern_spend(&pattern, 1000000, &err), ERR_LIMIT);
}

static bool at_the_third_look(void *ctx) {
    int *looks = ctx;
    return ++*looks == 3;
}

static void a_search_can_be_stopped(void **unused) {
    (void)unused;
    static char subject[65536];
    const char *s, *e;
    int looks = 0;
    memset(subject, 'x', sizeof subject);
    pattern_read(&pattern, nodes, ".-.-y", 5);
    pattern_subject(&pattern, subject, sizeof subject);
    pattern_ask(&pattern, at_the_third_look, &looks);
    assert_int_equal(pattern_search(&pattern, subject, &s, &e, &err), ERR_TIMEOUT);
    assert_int_equal(looks, 3);
    assert_true(pattern.steps < pattern.most);
}

/* As gmatch goes on: a match that ends where the last one did is not found again. */
static void one_after_the_other(void **unused) {
    (void)unused;
    static const char subject[] = "a,,bc";
    char seen[32] = "";
    const char *s, *e;
    pattern_read(&pattern, nodes, "[^,]*", 5);
    pattern_subject(&pattern, subject, 5);
    for (const char *from = subject; pattern_search(&pattern, from, &s, &e, &err) == ERR_OK;
         from = pattern.last = e) {
        strcat(seen, "|");
        strncat(seen, s, (size_t)(e - s));
    }
    assert_string_equal(seen, "|a||bc");
}

static void plain_text(void **unused) {
    (void)unused;
    static const char subject[] = "one two\0three";
    assert_true(pattern_is_plain("a,b]c)\0d", 8));
    for (const char *c = "^$*+?.([%-"; *c; c++)
        assert_false(pattern_is_plain(c, 1));
    assert_ptr_equal(pattern_plain(subject, 13, "two", 3), subject + 4);
    assert_ptr_equal(pattern_plain(subject, 13, "\0three", 6), subject + 7);
    assert_ptr_equal(pattern_plain(subject, 13, "", 0), subject);
    assert_ptr_equal(pattern_plain(subject, 13, "e", 1), subject + 2);
    assert_null(pattern_plain(subject, 13, "three", 6));
    assert_null(pattern_plain(subject, 2, "one", 3));
    assert_null(pattern_plain("", 0, "a", 1));
    char *many = malloc(1 << 20), *text = malloc(1 << 19);
    assert_true(many && text);
    memset(many, 'x', 1 << 20);
    memset(text, 'x', 1 << 19);
    text[(1 << 19) - 1] = 'y';
    assert_null(pattern_plain(many, 1 << 20, text, 1 << 19));
    many[1 << 19] = 'y';
    assert_ptr_equal(pattern_plain(many, 1 << 20, text, 1 << 19), many + 1);
    free(many);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matches),
        cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(long_patterns_and_subjects),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(a_search_can_be_stopped),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
