/* test_text.c -- UTF-8, letter case and percent-decoding. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/arena.h"
#include "../../../core/base/text.h"
#include <cmocka.h>
#include <string.h>

/* Writes `point` as UTF-8 would be, surrogates and all. */
static size_t encode(char *to, uint32_t point, size_t len) {
    static const unsigned char leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(leads[len] | point);
    return len;
}

static size_t length_of(uint32_t point) {
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void every_character_is_utf8(void **state) {
    (void)state;
    char bytes[8];
    for (uint32_t point = 0; point <= 0x13FFFF; point++) {
        size_t len = encode(bytes, point, length_of(point));
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        bool fine = !surrogate && point <= 0x10FFFF;
        if (text_is_utf8(bytes, len) != fine) fail_msg("U+%04X", point);
        if (text_utf8_step(bytes, len) != (fine ? len : 0)) fail_msg("step of U+%04X", point);
        if (len > 1 && text_is_utf8(bytes, len - 1)) fail_msg("U+%04X cut short", point);
    }
}

static void overlong_forms_are_not(void **state) {
    (void)state;
    char bytes[8];
    for (uint32_t point = 0; point <= 0xFFFF; point++)
        for (size_t len = length_of(point) + 1; len <= 4; len++)
            if (text_is_utf8(bytes, encode(bytes, point, len))) fail_msg("U+%04X in %zu", point, len);
}

static void stray_bytes_are_not(void **state) {
    (void)state;
    static const char *const rows[] = {
        "\x80", "a\xBF", "\xFE", "\xFF", "\xC3(", "\xE2\x82(", "\xF8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_false(text_is_utf8(rows[i], strlen(rows[i])));
    assert_true(text_is_utf8(NULL, 0));
    assert_int_equal(text_utf8_step("", 0), 0);
}

/* Text is looked at in steps of eight bytes where they are ASCII. */
static void one_byte_is_found_anywhere(void **state) {
    (void)state;
    char text[] = "abcdefghijklmnopqrstuvwxyz";
    for (size_t at = 0; at + 1 < sizeof text; at++) {
        char kept = text[at];
        text[at] = (char)0xFF;
        assert_false(text_is_utf8(text, sizeof text - 1));
        text[at] = kept;
        assert_true(text_is_utf8(text, sizeof text - 1));
    }
}

static void case_is_ascii_only(void **state) {
    (void)state;
    assert_true(text_equal_nocase("Content-TYPE", "content-type"));
    assert_true(text_equal_nocase("", ""));
    assert_false(text_equal_nocase("a", "ab"));
    assert_false(text_equal_nocase("ab", "a"));
    assert_false(text_equal_nocase("@[", "`{")); /* 32 apart, as letters are */
    assert_false(text_equal_nocase("\xC3\x89", "\xC3\xA9"));
}

static void lines_are_counted_in_characters(void **state) {
    (void)state;
    const char *text = "\xC3\xA9\xC3\xA9\n\nab"; /* five characters in front of b */
    assert_int_equal(text_line_of(text, 0), 1);
    assert_int_equal(text_line_of(text, 2), 1);
    assert_int_equal(text_line_of(text, 4), 2);
    assert_int_equal(text_line_of(text, 6), 3);
    assert_int_equal(text_line_of(text, 99), 3);
    assert_int_equal(text_line_of("", 1), 1);
}

static void percent_decoding(void **state) {
    (void)state;
    static const struct {
        const char *from, *to; /* NULL: refused */
        bool plus;
    } rows[] = {
        {"", "", false},
        {"plain", "plain", false},
        {"a%20b", "a b", false},
        {"a+b", "a+b", false},
        {"a+b%2Bc", "a b+c", true},
        {"%2F%2f", "//", false},
        {"%C3%A9", "\xC3\xA9", false},
        {"%25%32%30", "%20", false}, /* once only */
        {"%", NULL, false},
        {"%4", NULL, false},
        {"a%4", NULL, false},
        {"%4g", NULL, false},
        {"%g4", NULL, false},
        {"% 4", NULL, false},
        {"%-1", NULL, false},
        {"%00", NULL, false},
        {"%C3", NULL, false},
        {"\xFF", NULL, false},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = 99;
        char *text = text_percent_decode(&arena, rows[i].from, strlen(rows[i].from), rows[i].plus, &len);
        if (!text != !rows[i].to) fail_msg("row %zu: %s", i, rows[i].from);
        if (!text) continue;
        assert_string_equal(text, rows[i].to);
        assert_int_equal(len, strlen(rows[i].to));
    }
    assert_null(text_percent_decode(&arena, "a\0b", 3, false, NULL));
    assert_null(text_percent_decode(&arena, "%412", 2, false, NULL)); /* the length ends it, not the NUL */
    assert_string_equal(text_percent_decode(&arena, "%41rest", 3, false, NULL), "A");
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_utf8),
        cmocka_unit_test(overlong_forms_are_not),
        cmocka_unit_test(stray_bytes_are_not),
        cmocka_unit_test(case_is_ascii_only),
        cmocka_unit_test(lines_are_counted_in_characters),
        cmocka_unit_test(percent_decoding),
        cmocka_unit_test(one_byte_is_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
