/* test_buf.c -- bytes gather, stay NUL-terminated, and one failure is remembered to the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/buf.h"
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define assert_buf(buf, text)                                                                                \
    do {                                                                                                     \
        assert_string_equal((buf).data, text);                                                               \
        assert_int_equal((buf).len, strlen(text));                                                           \
    } while (0)

static void gathers(void **state) {
    (void)state;
    struct buf buf = {0};
    buf_add(&buf, NULL, 0);
    assert_buf(buf, "");
    buf_add_str(&buf, "a");
    buf_add_char(&buf, 'b');
    buf_add(&buf, "cd!", 2);
    buf_addf(&buf, "-%d-", 7);
    assert_buf(buf, "abcd-7-");
    buf_clear(&buf);
    assert_buf(buf, "");
    buf_done(&buf);
    assert_null(buf.data);
    buf_done(NULL);
}

static void writes_every_integer(void **state) {
    (void)state;
    struct buf buf = {0};
    const int64_t values[] = {0, -1, 10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        buf_add_int(&buf, values[i]);
        buf_add_char(&buf, ' ');
    }
    assert_buf(buf, "0 -1 10 9223372036854775807 -9223372036854775808 ");
    buf_done(&buf);
}

/* Every length around the capacity's edges, by both ways of writing. */
static void grows_at_any_edge(void **state) {
    (void)state;
    char text[1100];
    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        struct buf added = {0}, printed = {0};
        buf_add(&added, text, len);
        buf_addf(&printed, "%.*s", (int)len, text);
        assert_int_equal(added.len, len);
        assert_int_equal(printed.len, len);
        assert_true(added.data[len] == '\0' && added.cap > len);
        assert_memory_equal(added.data, printed.data, len + 1);
        buf_done(&added);
        buf_done(&printed);
    }
}

static void reserve_promises_room(void **state) {
    (void)state;
    struct buf buf = {0};
    assert_true(buf_reserve(&buf, 5000));
    const char *data = buf.data;
    for (int i = 0; i < 5000; i++)
        buf_add_char(&buf, 'x');
    assert_ptr_equal(buf.data, data);
    buf_done(&buf);
}

static void failure_sticks(void **state) {
    (void)state;
    struct buf buf = {0};
    buf_add_str(&buf, "kept");
    assert_false(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_add_str(&buf, "lost");
    buf_add_char(&buf, 'l');
    buf_add_int(&buf, 1);
    buf_addf(&buf, "%d", 1);
    buf_add_json(&buf, "l", 1);
    assert_false(buf_reserve(&buf, 0));
    assert_buf(buf, "kept");

    buf_clear(&buf);
    buf_add_str(&buf, "again");
    assert_false(buf.failed);
    assert_buf(buf, "again");
    assert_false(buf_reserve(&buf, SIZE_MAX));
    assert_null(buf_take(&buf, NULL));
    assert_true(!buf.failed && !buf.data);
}

static void take_hands_over(void **state) {
    (void)state;
    struct buf buf = {0};
    size_t len = 99;
    assert_null(buf_take(&buf, &len));
    assert_int_equal(len, 99);
    buf_reserve(&buf, 10);
    assert_null(buf_take(&buf, NULL));
    buf_add(&buf, "a\0b", 3);
    char *bytes = buf_take(&buf, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "a\0b", 4);
    assert_true(!buf.data && buf.len == 0 && buf.cap == 0);
    free(bytes);
}

static void json_escapes(void **state) {
    (void)state;
    static const struct {
        const char *text, *json;
        size_t len;
    } rows[] = {
        {"", "\"\"", 0},
        {"plain /path", "\"plain /path\"", 11},
        {"\"\\\"", "\"\\\"\\\\\\\"\"", 3},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", 5},
        {"\0\x01\x1f\x7f", "\"\\u0000\\u0001\\u001f\x7f\"", 4},
        {"a\"b", "\"a\\\"b\"", 3},
        {"\xC3\xA9\xF0\x9F\x8E\xAC", "\"\xC3\xA9\xF0\x9F\x8E\xAC\"", 6},
        {"a\xFF\xC3", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"", 3}, /* no UTF-8, and a character cut short */
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf = {0};
        buf_add_json(&buf, rows[i].text, rows[i].len);
        assert_buf(buf, rows[i].json);
        buf_done(&buf);
    }
    struct buf buf = {0};
    buf_add_json(&buf, NULL, 0);
    assert_buf(buf, "\"\"");
    buf_done(&buf);
}

/* What is told from eight bytes at once is what each of them alone says. */
static void json_escapes_at_any_place(void **state) {
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 19; at++) {
            struct buf buf = {0}, alone = {0}, wanted = {0};
            char text[20] = "xxxxxxxxxxxxxxxxxxx", byte = (char)c;
            text[at] = byte;
            buf_add_json(&buf, text, 19);
            buf_add_json(&alone, &byte, 1);
            buf_addf(&wanted, "\"%.*s%.*s%.*s\"", (int)at, "xxxxxxxxxxxxxxxxxxx", (int)alone.len - 2,
                     alone.data + 1, (int)(18 - at), "xxxxxxxxxxxxxxxxxxx");
            assert_buf(buf, wanted.data);
            buf_done(&buf), buf_done(&alone), buf_done(&wanted);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers),           cmocka_unit_test(writes_every_integer),
        cmocka_unit_test(grows_at_any_edge), cmocka_unit_test(reserve_promises_room),
        cmocka_unit_test(failure_sticks),    cmocka_unit_test(take_hands_over),
        cmocka_unit_test(json_escapes),      cmocka_unit_test(json_escapes_at_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
