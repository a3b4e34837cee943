/* The operators' listener, asked over real sockets while its own thread answers. */

#include "../../../core/http/admin.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct admin *admin;
static atomic_bool is_ready;

static bool ready(void *ctx, const char **ret_reason) {
    assert_ptr_equal(ctx, &is_ready);
    *ret_reason = "\"maintain\" has not run";
    return is_ready;
}

static int set_up(void **state) {
    struct admin_view view = {.ready = ready, .ctx = &is_ready};
    (void)state;
    is_ready = true;
    return admin_new(&admin, "127.0.0.1:0", view, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    admin_free(admin);
    return 0;
}

/* The whole answer: the admin listener closes after each. */
static const char *ask(const char *request) {
    static char in[4096];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)admin_port(admin))};
    const struct timeval patience = {.tv_sec = 5};
    size_t len = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    for (ssize_t got; (got = recv(fd, in + len, sizeof(in) - 1 - len, 0)) != 0; len += (size_t)got)
        assert_true(got > 0);
    in[len] = '\0';
    close(fd);
    return in;
}

static void assert_answer(const char *request, const char *status, const char *body) {
    const char *is = ask(request), *is_body = strstr(is, "\r\n\r\n");
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
    assert_non_null(strstr(ask("POST /ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"),
                           "\r\nAllow: GET, HEAD\r\n"));
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
        TEST(a_port_has_one_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
