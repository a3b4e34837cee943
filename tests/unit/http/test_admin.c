/* The operators' listener, asked over real sockets while its own thread answers. */

#include "../../../core/base/buf.h"
#include "../../../core/http/admin.h"
#include "../../../core/http/ask.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
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

/* What the view was ordered last, and what it answers; an order waits while it is held. */
static atomic_int order_code, orders, given_dry_run, given_to;
static atomic_bool held;
static const char *order_body;

static enum err_code carry_out(struct buf *ret, struct err *err) {
    orders++;
    while (held)
        usleep(1000);
    if (order_body) buf_add_str(ret, order_body);
    return order_code == ERR_OK ? ERR_OK : err_set(err, (enum err_code)order_code, "not \"kept\"");
}

static enum err_code reload(void *ctx, bool dry_run, struct buf *ret, struct err *err) {
    assert_ptr_equal(ctx, &is_ready);
    given_dry_run = dry_run;
    return carry_out(ret, err);
}

static enum err_code rollback(void *ctx, unsigned to, struct buf *ret, struct err *err) {
    assert_ptr_equal(ctx, &is_ready);
    given_to = (int)to;
    return carry_out(ret, err);
}

static char given_key[64];

static enum err_code outbox(void *ctx, struct buf *ret, struct err *err) {
    assert_ptr_equal(ctx, &is_ready);
    return carry_out(ret, err);
}

static enum err_code outbox_retry(void *ctx, const char *key, struct buf *ret, struct err *err) {
    assert_ptr_equal(ctx, &is_ready);
    snprintf(given_key, sizeof(given_key), "%s", key ? key : "(all)");
    return carry_out(ret, err);
}

static void say_scripts(void *ctx, struct buf *ret) {
    assert_ptr_equal(ctx, &is_ready);
    buf_addf(ret, "{\"generation\":%d}", 3 + orders);
}

static void say_metrics(void *ctx, struct buf *ret) {
    assert_ptr_equal(ctx, &is_ready);
    buf_addf(ret, "# TYPE orders_total counter\norders_total %d\n", (int)orders);
}

static bool ready(void *ctx, const char **ret_reason) {
    assert_ptr_equal(ctx, &is_ready);
    *ret_reason = "\"maintain\" has not run";
    return is_ready;
}

static int set_up(void **state) {
    struct admin_view view = {.ready = ready,
                              .import = begin_import,
                              .import_state = say_import,
                              .reload = reload,
                              .rollback = rollback,
                              .scripts = say_scripts,
                              .outbox = outbox,
                              .outbox_retry = outbox_retry,
                              .metrics = say_metrics,
                              .ctx = &is_ready};
    (void)state;
    is_ready = true;
    held = false;
    orders = 0;
    order_code = ERR_OK;
    order_body = "{\"outcome\":\"told\"}";
    given_dry_run = given_to = -1;
    imports = 0;
    import_code = ERR_OK;
    return admin_new(&admin, "127.0.0.1:0", "", view, NULL) == ERR_OK ? 0 : -1;
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

static void metrics_are_text_of_their_own_kind(void **state) {
    (void)state;
    const char *is = ask_raw(REQUEST("GET /metrics", "localhost"));
    assert_non_null(strstr(is, "HTTP/1.1 200 "));
    assert_non_null(strstr(is, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_non_null(strstr(is, "\r\n\r\n# TYPE orders_total counter\norders_total 0\n"));
    is = ask_raw(REQUEST("HEAD /metrics", "localhost"));
    assert_non_null(strstr(is, "HTTP/1.1 200 "));
    assert_string_equal(strstr(is, "\r\n\r\n"), "\r\n\r\n");
    is = ask_raw(REQUEST("DELETE /metrics", "localhost"));
    assert_non_null(strstr(is, "HTTP/1.1 405 "));
    assert_non_null(strstr(is, "\r\nAllow: GET, HEAD\r\n"));
    assert_non_null(strstr(ask_raw(REQUEST("GET /metrics", "evil.example")), "HTTP/1.1 403 "));
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
    struct ask question = {
        .host_port = address, .method = "POST", .target = "/import?adapter=a", .body = body, .len = len};
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

/* --- orders ---------------------------------------------------------------------------------------- */

/* A question given and not waited for. */
static int give(const char *request) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)admin_port(admin))};
    const struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    return fd;
}

static void assert_answered(int fd) {
    char in[1024];
    ssize_t got = recv(fd, in, sizeof(in) - 1, MSG_WAITALL);
    assert_true(got > 0);
    in[got] = '\0';
    assert_non_null(strstr(in, "HTTP/1.1 200 "));
    assert_non_null(strstr(in, "{\"outcome\":\"told\"}"));
    close(fd);
}

#define ORDER(target) POST(target, "0", "")
#define KEY           "0f0e0d0c-0b0a-0908-0706-050403020100"

static void the_state_of_the_scripts_is_what_the_view_says(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /scripts", "localhost"), "HTTP/1.1 200 ", "{\"generation\":3}");
    assert_answer(REQUEST("HEAD /scripts", "localhost"), "HTTP/1.1 200 ", "");
    assert_non_null(strstr(ask_raw(ORDER("/scripts")), "\r\nAllow: GET, HEAD\r\n"));
}

static void a_reload_is_ordered(void **state) {
    (void)state;
    assert_answer(ORDER("/scripts/reload"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_dry_run, false);
    assert_answer(ORDER("/scripts/reload?dry_run=1"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_dry_run, true);
    assert_answer(ORDER("/scripts/reload?dry_run=0"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_dry_run, false);
    assert_answer(ORDER("/scripts/reload?dry_run"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_dry_run, true);
    assert_answer(POST("/scripts/reload", "4", "body"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(orders, 5);
}

static void a_rollback_is_ordered(void **state) {
    (void)state;
    assert_answer(ORDER("/scripts/rollback"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_to, 0);
    assert_answer(ORDER("/scripts/rollback?to=4294967"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_int_equal(given_to, 4294967);
}

static void the_outbox_is_looked_into(void **state) {
    (void)state;
    assert_answer(REQUEST("GET /outbox", "localhost"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_answer(REQUEST("HEAD /outbox", "localhost"), "HTTP/1.1 200 ", "");
    assert_non_null(strstr(ask_raw(ORDER("/outbox")), "\r\nAllow: GET, HEAD\r\n"));
    order_code = ERR_BUSY;
    order_body = NULL;
    assert_answer(REQUEST("GET /outbox", "localhost"), "HTTP/1.1 503 ", "{\"detail\":\"not \\\"kept\\\"\"}");
}

static void what_was_given_up_is_sent_again(void **state) {
    (void)state;
    assert_answer(ORDER("/outbox/retry?key=" KEY), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_string_equal(given_key, KEY);
    assert_answer(ORDER("/outbox/retry?all=1"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
    assert_string_equal(given_key, "(all)");
    assert_non_null(strstr(ask_raw(REQUEST("GET /outbox/retry", "localhost")), "\r\nAllow: POST\r\n"));
}

/* Looks may be two at a time: who changes something still gets a turn. */
static void looks_leave_room_for_orders(void **state) {
    static const char look[] = REQUEST("GET /outbox", "localhost");
    int fds[2];
    (void)state;
    held = true;
    for (int i = 0; i < 2; i++)
        fds[i] = give(look);
    for (int i = 0; i < 20000 && orders < 2; i++)
        usleep(1000);
    assert_answer(look, "HTTP/1.1 503 ", "{\"detail\":\"Others are being carried out.\"}");
    held = false;
    for (int i = 0; i < 2; i++)
        assert_answered(fds[i]);
    assert_answer(look, "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
}

static void an_order_is_answered_as_the_view_says(void **state) {
    static const struct {
        enum err_code code;
        const char *status;
    } cases[] = {{ERR_INVALID, "HTTP/1.1 409 "},
                 {ERR_NOT_FOUND, "HTTP/1.1 404 "},
                 {ERR_TIMEOUT, "HTTP/1.1 503 "},
                 {ERR_BUSY, "HTTP/1.1 503 "},
                 {ERR_NO_MEMORY, "HTTP/1.1 503 "}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        order_code = (int)cases[i].code;
        order_body = "{\"outcome\":\"refused\"}";
        assert_answer(ORDER("/scripts/reload"), cases[i].status, "{\"outcome\":\"refused\"}");
        order_body = NULL;
        assert_answer(ORDER("/scripts/rollback?to=9"), cases[i].status, "{\"detail\":\"not \\\"kept\\\"\"}");
    }
}

static void what_is_no_order_is_not_carried_out(void **state) {
    static const struct {
        const char *request, *status, *detail;
    } cases[] = {
        {"POST /scripts/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403 ",
         "{\"detail\":\"The header X-Plateia-Admin: 1 is missing.\"}"},
        {"POST /scripts/reload HTTP/1.1\r\nHost: evil.example\r\nX-Plateia-Admin: 1\r\nContent-Length: "
         "0\r\n\r\n",
         "HTTP/1.1 403 ", "{\"detail\":\"Ask by a loopback address or localhost.\"}"},
        {ORDER("/scripts/reload?dry_run=yes"), "HTTP/1.1 400 ", "{\"detail\":\"dry_run is 1 or 0.\"}"},
        {ORDER("/scripts/reload?dryrun=1"), "HTTP/1.1 400 ",
         "{\"detail\":\"A reload takes ?dry_run=1 and nothing else.\"}"},
        {ORDER("/scripts/rollback?dry_run=1"), "HTTP/1.1 400 ",
         "{\"detail\":\"A rollback takes ?to=N and nothing else.\"}"},
        {ORDER("/scripts/rollback?to=0"), "HTTP/1.1 400 ",
         "{\"detail\":\"to is the number of a generation: ?to=7.\"}"},
        {ORDER("/scripts/rollback?to=-1"), "HTTP/1.1 400 ",
         "{\"detail\":\"to is the number of a generation: ?to=7.\"}"},
        {ORDER("/scripts/rollback?to=4294967296"), "HTTP/1.1 400 ",
         "{\"detail\":\"to is the number of a generation: ?to=7.\"}"},
        {ORDER("/scripts/rollback?to"), "HTTP/1.1 400 ",
         "{\"detail\":\"to is the number of a generation: ?to=7.\"}"},
        {ORDER("/outbox/retry"), "HTTP/1.1 400 ",
         "{\"detail\":\"Say which one, ?key=KEY, or all that were given up, ?all=1.\"}"},
        {ORDER("/outbox/retry?all=0"), "HTTP/1.1 400 ",
         "{\"detail\":\"Say which one, ?key=KEY, or all that were given up, ?all=1.\"}"},
        {ORDER("/outbox/retry?all=1&key=" KEY), "HTTP/1.1 400 ",
         "{\"detail\":\"Say which one, ?key=KEY, or all that were given up, ?all=1.\"}"},
        {ORDER("/outbox/retry?all=yes"), "HTTP/1.1 400 ", "{\"detail\":\"all is 1 or 0.\"}"},
        {ORDER("/outbox/retry?key=pigeon"), "HTTP/1.1 400 ",
         "{\"detail\":\"key is that of a row, as GET /outbox lists them.\"}"},
        {ORDER("/outbox/retry?keys=" KEY), "HTTP/1.1 400 ",
         "{\"detail\":\"A retry takes ?key=KEY or ?all=1 and nothing else.\"}"},
        {REQUEST("GET /outbox?most=9", "localhost"), "HTTP/1.1 400 ",
         "{\"detail\":\"The outbox is asked for without a question.\"}"},
        {ORDER("/scripts/other"), "HTTP/1.1 404 ", "{\"detail\":\"Not Found\"}"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_answer(cases[i].request, cases[i].status, cases[i].detail);
    assert_non_null(strstr(ask_raw(REQUEST("GET /scripts/reload", "localhost")), "\r\nAllow: POST\r\n"));
    assert_non_null(strstr(ask_raw(REQUEST("GET /scripts/rollback", "localhost")), "\r\nAllow: POST\r\n"));
    assert_int_equal(orders, 0);
}

/* Orders given and not waited for; returns when `count` are being carried out. */
static void give_orders(int *fds, int count) {
    for (int i = 0; i < count; i++)
        fds[i] = give(ORDER("/scripts/reload"));
    for (int i = 0; i < 20000 && orders < count; i++)
        usleep(1000);
    assert_int_equal(orders, count);
}

static void orders_hold_nobody_up_and_are_few(void **state) {
    int fds[4];
    (void)state;
    held = true;
    give_orders(fds, 4);
    assert_answer(REQUEST("GET /live", "localhost"), "HTTP/1.1 200 ", "{\"status\":\"live\"}");
    assert_answer(REQUEST("GET /scripts", "localhost"), "HTTP/1.1 200 ", "{\"generation\":7}");
    assert_answer(ORDER("/scripts/reload"), "HTTP/1.1 503 ",
                  "{\"detail\":\"Others are being carried out.\"}");
    close(fds[3]); /* who goes away does no harm */
    held = false;
    for (int i = 0; i < 3; i++)
        assert_answered(fds[i]);
    assert_answer(ORDER("/scripts/reload"), "HTTP/1.1 200 ", "{\"outcome\":\"told\"}");
}

static void *let_go(void *arg) {
    (void)arg;
    usleep(50000); /* so that admin_free most probably waits already; right either way */
    held = false;
    return NULL;
}

static void the_end_waits_for_orders_and_their_answers(void **state) {
    int fds[2];
    pthread_t thread;
    held = true;
    give_orders(fds, 2);
    assert_int_equal(pthread_create(&thread, NULL, let_go, NULL), 0);
    admin_free(admin);
    assert_false(held);
    pthread_join(thread, NULL);
    assert_answered(fds[0]);
    assert_answered(fds[1]);
    assert_int_equal(set_up(state), 0);
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

/* A server that asks for a token is asked with it by our own client. */
static void a_token_is_asked_for(void **state) {
    struct admin_view view = {.ready = ready, .scripts = say_scripts, .ctx = &is_ready};
    struct admin *guarded = NULL;
    struct buf body = {0};
    char address[32];
    int status = 0;
    (void)state;
    assert_int_equal(admin_new(&guarded, "127.0.0.1:0", KEY, view, NULL), ERR_OK);
    snprintf(address, sizeof(address), "127.0.0.1:%u", admin_port(guarded));
    struct ask question = {.host_port = address, .method = "GET", .target = "/scripts"};
    assert_int_equal(ask(&question, &status, &body, NULL), ERR_OK);
    assert_int_equal(status, 401);
    question.token = KEY;
    assert_int_equal(ask(&question, &status, &body, NULL), ERR_OK);
    assert_int_equal(status, 200);
    question.token = NULL;
    question.target = "/live";
    assert_int_equal(ask(&question, &status, &body, NULL), ERR_OK);
    assert_int_equal(status, 200);
    admin_free(guarded);
    buf_done(&body);
}

static void a_port_has_one_admin(void **state) {
    struct admin *second = NULL;
    struct admin_view view = {.ready = ready, .ctx = &is_ready};
    struct err err;
    char address[32];
    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%u", admin_port(admin));
    assert_int_equal(admin_new(&second, address, "", view, &err), ERR_SYSTEM);
    assert_null(second);
    assert_int_equal(admin_new(&second, "nonsense", "", view, &err), ERR_INVALID);
    admin_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_lives),
        TEST(readiness_is_what_the_view_says),
        TEST(only_loopback_names_are_let_in),
        TEST(the_rest_is_refused),
        TEST(metrics_are_text_of_their_own_kind),
        TEST(an_import_is_begun_with_its_file),
        TEST(an_import_is_refused_as_the_view_says),
        TEST(what_is_no_import_begins_none),
        TEST(a_file_may_have_sixteen_mebibytes),
        TEST(a_file_in_chunks_may_have_no_more),
        TEST(uploads_are_few_and_harm_no_one),
        TEST(the_state_of_the_scripts_is_what_the_view_says),
        TEST(a_reload_is_ordered),
        TEST(a_rollback_is_ordered),
        TEST(the_outbox_is_looked_into),
        TEST(what_was_given_up_is_sent_again),
        TEST(looks_leave_room_for_orders),
        TEST(an_order_is_answered_as_the_view_says),
        TEST(what_is_no_order_is_not_carried_out),
        TEST(orders_hold_nobody_up_and_are_few),
        TEST(the_end_waits_for_orders_and_their_answers),
        TEST(asking_nobody_says_so),
        TEST(a_token_is_asked_for),
        TEST(a_port_has_one_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
