/* test_prefer.c -- what clients would rather have: codings, languages, tags they hold already. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/http/prefer.h"
#include <cmocka.h>

static void codings(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool wanted;
    } table[] = {{NULL, false},
                 {"", false},
                 {"gzip", true},
                 {"GZIP", true},
                 {"gzip, deflate, br", true},
                 {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
                 {"gzip;q=0", false},
                 {"gzip;q=0.000", false},
                 {"gzip ; q=0.001", true},
                 {"*", true},
                 {"*;q=0", false},
                 {"*;q=0, gzip", true},
                 {"gzip;q=0, *", false},
                 {"identity", false},
                 {"xgzip", false},
                 {"gzipx, br", false},
                 {",, ,gzip", true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (prefer_coding(table[i].header, "gzip") != table[i].wanted) fail_msg("\"%s\"", table[i].header);
}

static void languages(void **state) {
    (void)state;
    static const char *const tags[] = {"en", "fr", "pt"};
    static const struct {
        const char *header;
        size_t best;
    } table[] = {{NULL, 0},
                 {"", 0},
                 {"pt", 2},
                 {"pt-BR", 2},
                 {"PT-br,pt;q=0.9,en;q=0.8", 2},
                 {"en-GB,en;q=0.9,pt;q=0.8", 0},
                 {"en;q=0.2, pt;q=0.7, fr;q=0.5", 2},
                 {"fr;q=0.5, pt;q=0.5", 1},
                 {"ja, zh;q=0.9", 0},
                 {"ja, pt;q=0.1", 2},
                 {"pt;q=0, fr;q=0.1", 1},
                 {"ptx, fr", 1},
                 {"*", 0},
                 {"en;q=junk, pt;q=0.9", 0},
                 {"en;eq=0, pt;q=0.9", 0},
                 {"en;q=0.1;x=y, pt;q=0.2", 2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t best = prefer_language(table[i].header, tags, 3);
        if (best != table[i].best) fail_msg("\"%s\": %s", table[i].header, tags[best]);
    }
}

static void tags_held(void **state) {
    (void)state;
    assert_false(prefer_none_match(NULL, "\"a\""));
    assert_false(prefer_none_match("", "\"a\""));
    assert_true(prefer_none_match("\"a\"", "\"a\""));
    assert_true(prefer_none_match("W/\"a\"", "\"a\""));
    assert_true(prefer_none_match("\"b\", \"a\"", "\"a\""));
    assert_true(prefer_none_match("*", "\"a\""));
    assert_false(prefer_none_match("\"a-gzip\"", "\"a\""));
    assert_false(prefer_none_match("a", "\"a\""));
    assert_false(prefer_none_match("\"A\"", "\"a\""));
    assert_false(prefer_none_match("W/", "\"a\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(codings), cmocka_unit_test(languages),
                                       cmocka_unit_test(tags_held)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
