/* The whole table of heads that are let in and heads that are not. */

#include "../../../core/http/validate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT 1000

struct row {
    int status;
    const char *method, *target, *version;
    struct header headers[4]; /* a NULL name ends them */
};

#define HOST                                                                                                 \
    { "Host", "example.org" }
#define GET11 "GET", "/", "HTTP/1.1"

static const struct row table[] = {
    /* fine */
    {0, GET11, {HOST}},
    {0, "GET", "/", "HTTP/1.0", {{0}}},
    {0, "GET", "/", "HTTP/1.0", {HOST}},
    {0, "OPTIONS", "/a", "HTTP/1.1", {HOST}},
    {0, "POST", "/a?b=c&d", "HTTP/1.1", {HOST, {"Content-Length", "1000"}, {"Expect", "100-Continue"}}},
    {0, "POST", "/", "HTTP/1.1", {HOST, {"content-length", "0"}}},
    {0, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "000000000000000000000000000007"}}},
    {0, "GET", "http://example.org/a", "HTTP/1.1", {HOST}},
    {0, "GET", "HTTPS://example.org", "HTTP/1.1", {HOST}},
    {0, "GET", "/caf\xc3\xa9", "HTTP/1.1", {HOST}}, /* the router decides about UTF-8 */
    {0, GET11, {{"host", "[::1]:8080"}}},
    {0, GET11, {{"Host", ""}}},
    {0, GET11, {HOST, {"X-Tab", "a\tb"}, {"X-Empty", ""}, {"X-8bit", "caf\xc3\xa9"}}},
    {0, GET11, {HOST, {"Connection", "close, TE"}, {"TE", "trailers"}}},

    /* version and method */
    {505, "GET", "/", "HTTP/1.2", {HOST}},
    {505, "GET", "/", "HTTP/2.0", {HOST}},
    {505, "GET", "/", "HTTP/0.9", {HOST}},
    {505, "GET", "/", "", {HOST}},
    {501, "CONNECT", "/", "HTTP/1.1", {HOST}},
    {501, "TRACE", "/", "HTTP/1.1", {HOST}},
    {501, "PROPFIND", "/", "HTTP/1.1", {HOST}},
    {501, "get", "/", "HTTP/1.1", {HOST}},
    {501, "GET\x01", "/", "HTTP/1.1", {HOST}},

    /* target */
    {400, "GET", "", "HTTP/1.1", {HOST}},
    {400, "OPTIONS", "*", "HTTP/1.1", {HOST}},
    {400, "GET", "a", "HTTP/1.1", {HOST}},
    {400, "GET", "ftp://example.org/", "HTTP/1.1", {HOST}},
    {400, "CONNECT", "example.org:443", "HTTP/1.1", {HOST}},
    {400, "GET", "/a b", "HTTP/1.1", {HOST}},
    {400, "GET", "/a\tb", "HTTP/1.1", {HOST}},
    {400, "GET", "/a\x7f", "HTTP/1.1", {HOST}},
    {400, "GET", "/a#b", "HTTP/1.1", {HOST}},

    /* Host */
    {400, GET11, {{0}}},
    {400, GET11, {HOST, HOST}},
    {400, GET11, {HOST, {"HOST", "other.example"}}},
    {400, "GET", "/", "HTTP/1.0", {HOST, HOST}},
    {400, GET11, {{"Host", "a, b"}}},
    {400, GET11, {{"Host", "user@example.org"}}},
    {400, GET11, {{"Host", "example.org/a"}}},
    {400, GET11, {{"Host", "a\\b"}}},

    /* header names and values */
    {400, GET11, {HOST, {"Content-Length ", "34"}}},
    {400, GET11, {HOST, {"Content-Length\t", "34"}}},
    {400, GET11, {HOST, {"XContent-Length: 35", "a"}}}, /* a folded line, joined to the name before it */
    {400, GET11, {HOST, {"", "a"}}},
    {400, GET11, {HOST, {"X\x01", "a"}}},
    {400, GET11, {HOST, {"X\xc3\xa9", "a"}}},
    {400, GET11, {HOST, {"X(y)", "a"}}},
    {400, GET11, {HOST, {"X", "a\rb"}}},
    {400, GET11, {HOST, {"X", "a\nb"}}},
    {400, GET11, {HOST, {"X", "a\x01"}}},
    {400, GET11, {HOST, {"X", "\x7f"}}},

    /* lengths */
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "5"}, {"Content-Length", "5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "5"}, {"content-length", "6"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "5, 5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "+5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "-5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "0x5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "5 5"}}},
    {400, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", ""}}},
    {413, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "1001"}}},
    {413, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "18446744073709551616"}}}, /* 2^64 */
    {413, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "99999999999999999999999999999999"}}},

    /* no Transfer-Encoding, whatever it is and whatever stands beside it */
    {411, "POST", "/", "HTTP/1.1", {HOST, {"Transfer-Encoding", "chunked"}}},
    {411, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}},
    {411, "POST", "/", "HTTP/1.1", {HOST, {"transfer-encoding", "gzip, chunked"}}},
    {411, "POST", "/", "HTTP/1.1", {HOST, {"Transfer-Encoding", "identity"}}},
    {411, "GET", "/", "HTTP/1.0", {HOST, {"Transfer-Encoding", ""}}},

    /* Expect */
    {417, "POST", "/", "HTTP/1.1", {HOST, {"Expect", "200-ok"}}},
    {417, "POST", "/", "HTTP/1.1", {HOST, {"Expect", ""}}},
    {417, "POST", "/", "HTTP/1.1", {HOST, {"Expect", "100-continue"}, {"Expect", "more"}}},
};

static int judge(const struct row *row, size_t limit, const char **detail) {
    struct validate_head head = {.method = row->method,
                                 .version = row->version,
                                 .target = row->target,
                                 .headers = row->headers,
                                 .body_limit = limit};
    while (head.header_count < 4 && row->headers[head.header_count].name)
        head.header_count++;
    return validate_head(&head, detail);
}

static void every_row_has_its_status(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        const char *detail = NULL;
        int status = judge(&table[i], LIMIT, &detail);
        if (status != table[i].status)
            fail_msg("row %zu (%s %s): %d, not %d", i, table[i].method, table[i].target, status,
                     table[i].status);
        if (status != 0) assert_true(detail && strlen(detail) > 10 && detail[strlen(detail) - 1] == '.');
    }
}

static void any_limit_can_be_compared(void **state) {
    const struct row largest = {
        0, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "18446744073709551614"}}};
    const struct row zero = {0, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "0"}}};
    const struct row one = {0, "POST", "/", "HTTP/1.1", {HOST, {"Content-Length", "1"}}};
    const char *detail;
    (void)state;
    assert_int_equal(judge(&largest, 1u << 30, &detail), 413);
    assert_int_equal(judge(&zero, 0, &detail), 0);
    assert_int_equal(judge(&one, 0, &detail), 413);
}

static void long_targets_are_refused(void **state) {
    static char target[8194];
    const struct row row = {0, "GET", target, "HTTP/1.1", {HOST}};
    const char *detail;
    (void)state;
    memset(target, '/', 8192);
    assert_int_equal(judge(&row, LIMIT, &detail), 0);
    target[8192] = '/';
    assert_int_equal(judge(&row, LIMIT, &detail), 414);
}

/* ---- a head's own bytes ---- */

#define LINE "GET\0/a?b\0HTTP/1.1\0\0"
#define BYTES(s)                                                                                             \
    { (s), sizeof(s) - 1 }

static int judge_bytes(const char *text, size_t len, const char **detail) {
    char *bytes = malloc(len); /* of just this size: reading past it is noticed */
    memcpy(bytes, text, len);
    const char *version = memmem(bytes, len, "HTTP/1.1", 8);
    const struct validate_bytes head = {bytes, len, strlen("/a?b"), version ? version : bytes};
    int status = validate_lines(&head, detail);
    free(bytes);
    return status;
}

static void lines_have_one_reading(void **state) {
    static const struct {
        const char *text;
        size_t len;
    } good[] =
        {
            BYTES(LINE "\0\0"), BYTES(LINE "Host\0 a\0\0\0\0"), BYTES(LINE "Host\0a\0\0X\0\0\0Y\0 \0\0\0\0"),
            BYTES("GET\0/\0?b\0HTTP/1.1\0\0\0\0"), /* the library cuts a target where it likes */
        },
      bad[] = {
          BYTES(LINE),
          BYTES(LINE "\0"), /* LF for the end */
          BYTES("GET\0/a?b\0HTTP/1.1\0"
                "\0\0"), /* LF behind the request line, no headers */
          BYTES("GET\0/a?b\0HTTP/1.1\0"
                "X\0a\0\0\0\0"),
          BYTES(LINE "X\0a\0Y\0b\0\0\0\0"), /* LF behind a header */
          BYTES(LINE "X\0a\0\0\0"),
          BYTES(LINE "X\0a\0b\0\0\0\0"), /* NUL in a value */
          BYTES(LINE "X\0a\0\0\0b\0\0\0\0"),
          BYTES(LINE "X\0Y\0a\0\0\0\0"), /* NUL in a name */
          BYTES(LINE "\0X\0a\0\0\0\0"),
          BYTES("GET\0/a?b\0c\0HTTP/1.1\0\0\0\0"), /* NUL in a target */
          BYTES("GET\0 /a?b\0HTTP/1.1\0\0\0\0"),   /* two spaces */
          BYTES("G\0T\0/a?b\0HTTP/1.1\0\0\0\0"),
          BYTES("GET\0/a?b\0HTTP/1.1 \0\0\0\0"),
          BYTES("GET\0/a?b\0HTTP/1.1"),
          BYTES(LINE "X\0a\0\0\0 b\0\0"), /* no name */
          BYTES(LINE "\0 b\0\0"),
          BYTES(LINE "\0\0\0"),
          BYTES(LINE "X\0a\0\0 Y\0b\0\0\0\0"), /* folded */
          BYTES(LINE "X\0a\0\0\tb\0\0\0\0"),
          BYTES(LINE "X\0a\0\0 b\0\0\0\0"),
          BYTES(LINE "X"),
          BYTES(LINE "Xyz"),
      };
    const char *detail = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        if (judge_bytes(good[i].text, good[i].len, &detail) != 0) fail_msg("good row %zu", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (judge_bytes(bad[i].text, bad[i].len, &detail) != 400) fail_msg("bad row %zu", i);
    assert_int_equal(detail[strlen(detail) - 1], '.');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_status),
        cmocka_unit_test(any_limit_can_be_compared),
        cmocka_unit_test(long_targets_are_refused),
        cmocka_unit_test(lines_have_one_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
