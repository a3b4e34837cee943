/* The operators' listener, asked over real sockets while its own thread answers. */

#include "../../../core/base/buf.h"
#include "../../../core/http/admin.h"
#include "../../../core/http/ask.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct admin *admin;
static atomic_bool is_ready;

/* What the view's import was given last, and what it answers. */
static char given_adapter[64], given_body[64];
static size_t given_len;
static atomic_int imports;
static atomic_int import_code;

static enum err_code begin_import(void *ctx, const char *adapter, char *body, size_t len, struct err *err) {
    assert_ptr_equal(ctx, &is_ready);
    snprintf(given_adapter, sizeof(given_adapter), "%s", adapter);
    snprintf(given_body, sizeof(given_body), "%.*s", body ? 40 : 6, body ? body : "(none)");
    given_len = len;
    imports++;
    free(body);
    if (import_code != ERR_OK) return err_set(err, (enum err_code)import_code, "not \"now\"");
    return ERR_OK;
}

static void say_import(void *ctx, struct buf *ret) {
    assert_ptr_equal(ctx, &is_ready);
    buf_addf(ret, "{\"number\":%d}", imports);
}

static bool ready(void *ctx, const char **ret_reason) {
    assert_ptr_equal(ctx, &is_ready);
    *ret_reason = "\"maintain\" has not run";
    return is_ready;
}

static int set_up(void **state) {
    struct admin_view view = {
        .ready = ready, .import = begin_import, .import_state = say_import, .ctx = &is_ready};
    (void)state;
    is_ready = true;
    imports = 0;
    import_code = ERR_OK;
    return admin_new(&admin, "127.0.0.1:0", view, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    admin_free(admin);
    return 0;
}

/* The whole answer: the admin listener closes after each. */
static const char *ask_raw(const char *request) {
    static char in[4096];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)admin_port(admin))};
    const struct timeval patience = {.tv_sec = 5};
    size_t len = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    for (size_t sent = 0, all = strlen(request); sent < all;) {
        ssize_t n = send(fd, request + sent, all - sent, MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    for (ssize_t got; (got = recv(fd, in + len, sizeof(in) - 1 - len, 0)) != 0; len += (size_t)got)
        assert_true(got > 0);
    in[len] = '\0';
    close(fd);
    return in;
}

static void assert_answer(const char *request, const char *status, const char *body) {
    const char *is = ask_raw(request), *is_body = strstr(is, "\r\n\r\n");
    if (strncmp(is, status, strlen(status)) != 0 || !is_body || strcmp(is_body + 4, body) != 0)
        fail_msg("%s... was answered with %s", request, is);
    assert_non_null(strstr(is, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(is, "Content-Type: application/json\r\n"));
}

#define REQUEST(line, host) line " HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void it_lives(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /live", "127.0.0.1"), "HTTP/1.1 200 ", "{\"status\":\"live\"}");
    assert_answer(REQUEST("HEAD /live", "127.0.0.1"), "HTTP/1.1 200 ", "");
    assert_answer(REQUEST("GET /live?now", "localhost:9180"), "HTTP/1.1 200 ", "{\"status\":\"live\"}");
}

static void readiness_is_what_the_view_says(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /ready", "localhost"), "HTTP/1.1 200 ", "{\"status\":\"ready\"}");
    is_ready = false;
    assert_answer(REQUEST("GET /ready", "localhost"), "HTTP/1.1 503 ",
                  "{\"status\":\"not ready\",\"reason\":\"\\\"maintain\\\" has not run\"}");
    assert_answer(REQUEST("GET /live", "localhost"), "HTTP/1.1 200 ", "{\"status\":\"live\"}");
}

static void only_loopback_names_are_let_in(void **state) {
    const char *good[] = {"localhost", "LOCALHOST:80", "127.0.0.1:9180", "127.9.8.7", "[::1]", "[::1]:9180"};
    const char *bad[] = {"evil.example",
                         "evil.example:9180",
                         "10.0.0.1",
                         "localhost.evil.example",
                         "127.0.0.1.evil.example",
                         "::1",
                         "[::2]",
                         "",
                         "localhost:",
                         "1270.0.0.1"};
    char request[256];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(request, sizeof(request), REQUEST("GET /live", "%s"), good[i]);
        assert_answer(request, "HTTP/1.1 200 ", "{\"status\":\"live\"}");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(request, sizeof(request), REQUEST("GET /live", "%s"), bad[i]);
        assert_answer(request, "HTTP/1.1 403 ", "{\"detail\":\"Ask by a loopback address or localhost.\"}");
    }
    assert_answer("GET /live HTTP/1.1\r\n\r\n", "HTTP/1.1 403 ",
                  "{\"detail\":\"Ask by a loopback address or localhost.\"}");
}

static void the_rest_is_refused(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /", "localhost"), "HTTP/1.1 404 ", "{\"detail\":\"Not Found\"}");
    assert_answer(REQUEST("GET /live/", "localhost"), "HTTP/1.1 404 ", "{\"detail\":\"Not Found\"}");
    assert_answer(REQUEST("DELETE /live", "localhost"), "HTTP/1.1 405 ",
                  "{\"detail\":\"Method Not Allowed\"}");
    assert_non_null(strstr(ask_raw("POST /ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"),
                           "\r\nAllow: GET, HEAD\r\n"));
}

/* --- import ---------------------------------------------------------------------------------------- */

#define POST(target, length, more)                                                                           \
    "POST " target " HTTP/1.1\r\nHost: localhost\r\nX-Plateia-Admin: 1\r\nContent-Length: " length           \
    "\r\n\r\n" more

static void an_import_is_begun_with_its_file(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /import", "localhost"), "HTTP/1.1 200 ", "{\"number\":0}");
    assert_answer(POST("/import?adapter=a%20b", "4", "[{}]"), "HTTP/1.1 202 ", "{\"number\":1}");
    assert_string_equal(given_adapter, "a b");
    assert_string_equal(given_body, "[{}]");
    assert_int_equal(given_len, 4);
    assert_answer(POST("/import?adapter=a", "0", ""), "HTTP/1.1 202 ", "{\"number\":2}");
    assert_string_equal(given_body, "(none)");
    assert_answer(REQUEST("HEAD /import", "localhost"), "HTTP/1.1 200 ", "");
}

static void an_import_is_refused_as_the_view_says(void **state) {
    (void)state;
    import_code = ERR_BUSY;
    assert_answer(POST("/import?adapter=a", "1", "x"), "HTTP/1.1 409 ", "{\"detail\":\"not \\\"now\\\"\"}");
    import_code = ERR_INVALID;
    assert_answer(POST("/import?adapter=a", "1", "x"), "HTTP/1.1 400 ", "{\"detail\":\"not \\\"now\\\"\"}");
    import_code = ERR_TIMEOUT;
    assert_answer(POST("/import?adapter=a", "1", "x"), "HTTP/1.1 503 ", "{\"detail\":\"not \\\"now\\\"\"}");
    assert_int_equal(imports, 3);
}

static void what_is_no_import_begins_none(void **state) {
    (void)state;
    assert_answer("POST /import?adapter=a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
                  "HTTP/1.1 403 ", "{\"detail\":\"The header X-Plateia-Admin: 1 is missing.\"}");
    assert_answer("POST /import?adapter=a HTTP/1.1\r\nHost: evil.example\r\nX-Plateia-Admin: 1\r\n"
                  "Content-Length: 0\r\n\r\n",
                  "HTTP/1.1 403 ", "{\"detail\":\"Ask by a loopback address or localhost.\"}");
    assert_answer(POST("/import", "0", ""), "HTTP/1.1 400 ",
                  "{\"detail\":\"Name an adapter: ?adapter=NAME.\"}");
    assert_answer(POST("/import?adapter=", "0", ""), "HTTP/1.1 400 ",
                  "{\"detail\":\"Name an adapter: ?adapter=NAME.\"}");
    assert_answer(POST("/import?adapter=a", "16777217", ""), "HTTP/1.1 413 ",
                  "{\"detail\":\"The file is larger than 16 MiB.\"}");
    assert_non_null(
        strstr(ask_raw(REQUEST("DELETE /import", "localhost")), "\r\nAllow: GET, HEAD, POST\r\n"));
    assert_int_equal(imports, 0);
}

static int status_of(const char *body, size_t len, struct buf *ret) {
    char address[32];
    int status = 0;
    struct err err = {0};
    snprintf(address, sizeof(address), "127.0.0.1:%u", admin_port(admin));
    struct ask question = {address, "POST", "/import?adapter=a", body, len};
    buf_clear(ret);
    if (ask(&question, &status, ret, &err) != ERR_OK) fail_msg("%s", err.text);
    return status;
}

static void a_file_may_have_sixteen_mebibytes(void **state) {
    struct buf answer = {0};
    char *file = malloc(ADMIN_BODY_MAX);
    (void)state;
    assert_non_null(file);
    memset(file, 'x', ADMIN_BODY_MAX);
    assert_int_equal(status_of(file, ADMIN_BODY_MAX, &answer), 202);
    assert_int_equal(given_len, ADMIN_BODY_MAX);
    assert_string_equal(answer.data, "{\"number\":1}");
    free(file);
    buf_done(&answer);
}

/* In chunks, nothing tells the length before they are read. */
static void a_file_in_chunks_may_have_no_more(void **state) {
    static const char head[] = "POST /import?adapter=a HTTP/1.1\r\nHost: localhost\r\nX-Plateia-Admin: 1\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n1000001\r\n";
    size_t len = sizeof(head) - 1 + ADMIN_BODY_MAX + 1 + 7;
    char *request = malloc(len + 1);
    (void)state;
    assert_non_null(request);
    memset(request, 'x', len);
    memcpy(request, head, sizeof(head) - 1);
    memcpy(request + len - 7, "\r\n0\r\n\r\n", 8);
    assert_answer(request, "HTTP/1.1 413 ", "{\"detail\":\"The file is larger than 16 MiB.\"}");
    assert_int_equal(imports, 0);
    free(request);
}

/* Senders who give up, or take their time, neither begin an import nor keep others from it. */
static void uploads_are_few_and_harm_no_one(void **state) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)admin_port(admin))};
    static const char half[] = POST("/import?adapter=a", "100", "half of it");
    struct buf answer = {0};
    int fds[4], status = 202;
    (void)state;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof(to)), 0);
        assert_int_equal(send(fds[i], half, sizeof(half) - 1, MSG_NOSIGNAL), (ssize_t)sizeof(half) - 1);
        if (i == 2) assert_int_equal(status_of("[]", 2, &answer), 202);
    }
    assert_int_equal(imports, 1);
    assert_string_equal(given_body, "[]");
    for (int i = 0; i < 1000 && status == 202; i++) /* until the fourth one's head is read */
        status = status_of("[]", 2, &answer);
    assert_int_equal(status, 503);
    assert_string_equal(answer.data, "{\"detail\":\"Other files are being sent.\"}");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    buf_done(&answer);
}

static void asking_nobody_says_so(void **state) {
    struct ask question = {.host_port = "127.0.0.1:1", .method = "GET", .target = "/"};
    struct buf answer = {0};
    struct err err = {0};
    int status = 7;
    (void)state;
    assert_int_equal(ask(&question, &status, &answer, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "127.0.0.1:1"));
    question.host_port = "nonsense::";
    assert_int_equal(ask(&question, &status, &answer, &err), ERR_NOT_FOUND);
    assert_int_equal(status, 7);
    assert_null(answer.data);
}

static void a_port_has_one_admin(void **state) {
    struct admin *second = NULL;
    struct admin_view view = {.ready = ready, .ctx = &is_ready};
    struct err err;
    char address[32];
    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%u", admin_port(admin));
    assert_int_equal(admin_new(&second, address, view, &err), ERR_SYSTEM);
    assert_null(second);
    assert_int_equal(admin_new(&second, "nonsense", view, &err), ERR_INVALID);
    admin_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_lives),
        TEST(readiness_is_what_the_view_says),
        TEST(only_loopback_names_are_let_in),
        TEST(the_rest_is_refused),
        TEST(an_import_is_begun_with_its_file),
        TEST(an_import_is_refused_as_the_view_says),
        TEST(what_is_no_import_begins_none),
        TEST(a_file_may_have_sixteen_mebibytes),
        TEST(a_file_in_chunks_may_have_no_more),
        TEST(uploads_are_few_and_harm_no_one),
        TEST(asking_nobody_says_so),
        TEST(a_port_has_one_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
