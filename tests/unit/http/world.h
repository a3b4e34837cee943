#ifndef PLATEIA_TESTS_HTTP_WORLD_H
#define PLATEIA_TESTS_HTTP_WORLD_H

/* world.h -- a real server in a reactor, C handlers behind it, and raw clients before it, all in one thread:
 * whoever waits for something turns the reactor until it is so, or five seconds have passed.
 *
 * Paths the handler knows:
 *   /echo          answers at once with method, body and a mark as JSON
 *   /later         waits, and a timer answers 20 ms later
 *   /much          waits 300 ms, longer than it takes until the client is watched
 *   /never         waits for ever (world.held)
 *   /turn          is answered by a hook at the end of a turn, one that was there before the server's
 *   /ready         answers by request_answered before its start returns
 *   /big           a mebibyte
 *   /stream        becomes the stream "news"; /stream/later does after 20 ms,
 *                  /stream/much after 300
 *   /plain         text/plain, and two headers of its own
 *   /stands...     as /echo, and the answer stands until world.changes rises
 *   /status/NNN    that status with a body */

#include "../../../core/base/clock.h"
#include "../../../core/base/reactor.h"
#include "../../../core/exchange/request.h"
#include "../../../core/http/server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BIG    (1 << 20)
#define MS     CLOCK_NS_PER_MS
#define HOST   "Host: h\r\n"
#define GET(p) "GET " p " HTTP/1.1\r\n" HOST "\r\n"

static struct {
    struct reactor *reactor;
    struct server *server;
    unsigned port;
    int started, cancelled, answered_late;
    unsigned generation; /* what refused requests are told */
    atomic_uint_fast64_t changes;
    struct request *held, *for_turn;
    struct reactor_hook turn_end;
} world;

struct client {
    int fd;
    char in[BIG + 4096];
    size_t len;
    bool closed;
};

struct reply {
    int status;
    char head[4096];
    char body[4096]; /* the beginning of it */
    size_t body_len;
};

/* ---- the handler ---- */

struct later {
    struct reactor_timer timer;
    struct request *req;
};

static void answer_echo(struct request *req) {
    struct buf *body = &req->answer.body;
    req->answer.status = 200;
    buf_addf(body, "{\"method\":\"%s\",\"path\":\"%s\",\"query\":\"%s\",\"body\":", method_name(req->method),
             req->path, req->query);
    buf_add_json(body, req->body, req->body_len);
    buf_add_char(body, '}');
}

static void on_later(void *ctx) {
    struct later *later = ctx;
    world.answered_late++;
    if (strncmp(later->req->path, "/stream/", 8) == 0)
        answer_stream(later->req, "news");
    else
        answer_echo(later->req);
    request_answered(later->req);
}

static enum request_state wait_for(struct request *req, int64_t delay_ns) {
    struct later *later = arena_alloc(&req->arena, sizeof(*later));
    *later = (struct later){.timer = {.fn = on_later, .ctx = later}, .req = req};
    req->work = later;
    reactor_timer_start(world.reactor, &later->timer, delay_ns, NULL);
    return REQUEST_WAITING;
}

static void on_turn_end(void *ctx) {
    struct request *req = world.for_turn;
    (void)ctx;
    world.for_turn = NULL;
    if (!req) return;
    answer_echo(req);
    request_answered(req);
}

#define LENT "bytes of somebody else's, which are neither copied nor freed"

static void answer_big(struct request *req) {
    req->answer.status = 200;
    buf_reserve(&req->answer.body, BIG);
    for (int i = 0; i < BIG / 64; i++)
        buf_add(&req->answer.body, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
}

/* If-None-Match: 304, as a handler that knows tags would. */
static void answer_stands(struct request *req) {
    req->generation = world.generation;
    answer_header(req, "X-Made", req->id);
    if (request_header(req, "If-None-Match")) {
        buf_clear(&req->answer.body);
        req->answer.status = 304;
    }
    req->answer.standing = (struct standing){.counters = {&world.changes},
                                             .count = 1,
                                             .sum = atomic_load(&world.changes),
                                             .until_ns = clock_ns() + CLOCK_NS_PER_S * 60};
}

static enum request_state handler_start(void *ctx, struct request *req) {
    assert_ptr_equal(ctx, &world);
    world.started++;
    req->route = req->path;
    if (strcmp(req->path, "/later") == 0) return wait_for(req, 20 * MS);
    if (strcmp(req->path, "/much") == 0) return wait_for(req, 300 * MS);
    if (strcmp(req->path, "/stream/later") == 0) return wait_for(req, 20 * MS);
    if (strcmp(req->path, "/stream/much") == 0) return wait_for(req, 300 * MS);
    if (strcmp(req->path, "/never") == 0) {
        world.held = req;
        return REQUEST_WAITING;
    }
    if (strcmp(req->path, "/turn") == 0) {
        assert_null(world.for_turn);
        world.for_turn = req;
        return REQUEST_WAITING;
    }
    if (strcmp(req->path, "/stream") == 0) {
        answer_stream(req, "news");
    } else if (strcmp(req->path, "/big") == 0) {
        answer_big(req);
    } else if (strcmp(req->path, "/lent") == 0) {
        req->answer.status = 200;
        req->answer.lent = LENT;
        req->answer.lent_len = strlen(LENT);
    } else if (strncmp(req->path, "/status/", 8) == 0) {
        req->answer.status = atoi(req->path + 8);
        buf_add_str(&req->answer.body, "{\"a\":1}");
    } else if (strcmp(req->path, "/plain") == 0) {
        req->answer.status = 201;
        answer_header(req, "content-type", "text/plain");
        answer_header(req, "X-One", "1");
        answer_header(req, "X-Two", "2");
        buf_add_str(&req->answer.body, "plain");
    } else {
        answer_echo(req);
    }
    if (strncmp(req->path, "/stands", 7) == 0) answer_stands(req);
    if (strcmp(req->path, "/ready") != 0) return REQUEST_ANSWERED;
    request_answered(req);
    return REQUEST_WAITING;
}

static void handler_cancel(void *ctx, struct request *req) {
    (void)ctx;
    world.cancelled++;
    if (req->work) reactor_timer_stop(world.reactor, &((struct later *)req->work)->timer);
    if (world.held == req) world.held = NULL;
}

static unsigned handler_generation(void *ctx) {
    assert_ptr_equal(ctx, &world);
    return world.generation;
}

/* ---- the server ---- */

static struct server_options options_usual(void) {
    return (struct server_options){.connections = 100,
                                   .body_limit = 100000,
                                   .head_ns = 30 * CLOCK_NS_PER_S,
                                   .body_ns = 30 * CLOCK_NS_PER_S,
                                   .idle_ns = 30 * CLOCK_NS_PER_S};
}

static void world_open(struct server_options options) {
    struct request_handler handler = {
        .start = handler_start, .cancel = handler_cancel, .generation = handler_generation, .ctx = &world};
    memset(&world, 0, sizeof(world));
    assert_int_equal(reactor_new(&world.reactor, NULL), ERR_OK);
    world.turn_end.fn = on_turn_end;
    reactor_hook_add(world.reactor, &world.turn_end);
    assert_int_equal(server_listen(&options.listen_fd, "127.0.0.1:0", &world.port, NULL), ERR_OK);
    assert_int_equal(server_new(&world.server, world.reactor, &options, handler, NULL), ERR_OK);
}

static int world_close(void **state) {
    (void)state;
    server_free(world.server);
    reactor_free(world.reactor);
    world.server = NULL;
    world.reactor = NULL;
    return 0;
}

static inline int world_usual(void **state) {
    (void)state;
    world_open(options_usual());
    return 0;
}

/* ---- clients ---- */

static struct client *client_new(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)world.port)};
    struct client *client = calloc(1, sizeof(*client));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    return client;
}

static void client_free(struct client *client) {
    close(client->fd);
    free(client);
}

/* What came in since; notices the end. */
static void client_pump(struct client *client) {
    while (!client->closed && client->len < sizeof(client->in)) {
        ssize_t got = recv(client->fd, client->in + client->len, sizeof(client->in) - client->len, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got > 0)
            client->len += (size_t)got;
        else
            client->closed = true;
    }
}

#define UNTIL(condition)                                                                                     \
    for (int64_t end_ns_ = clock_ns() + 5 * CLOCK_NS_PER_S; !(condition);) {                                 \
        if (clock_ns() > end_ns_) fail_msg("waited in vain for %s", #condition);                             \
        reactor_turn(world.reactor, 5);                                                                      \
    }

static inline void turn(int times) {
    while (times-- > 0)
        reactor_turn(world.reactor, 5);
}

static void client_send(struct client *client, const char *bytes, size_t len) {
    for (int64_t end_ns = clock_ns() + 5 * CLOCK_NS_PER_S; len > 0;) {
        ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return; /* the server has closed: what it said is still to be read */
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        }
        assert_true(clock_ns() < end_ns);
        if (len > 0) reactor_turn(world.reactor, 0);
    }
}

static void client_say(struct client *client, const char *text) {
    client_send(client, text, strlen(text));
}

static bool client_is_closed(struct client *client) {
    client_pump(client);
    return client->closed;
}

/* ---- replies ---- */

static const char *reply_header(const struct reply *reply, const char *name) {
    static char value[512];
    size_t len = strlen(name);
    for (const char *at = strstr(reply->head, "\r\n"); at && at[2]; at = strstr(at + 2, "\r\n")) {
        if (strncasecmp(at + 2, name, len) != 0 || at[2 + len] != ':') continue;
        const char *start = at + 2 + len + 1 + strspn(at + 2 + len + 1, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
        return value;
    }
    return NULL;
}

/* Takes one whole reply from the front of what came in. */
static bool reply_there(struct client *client, struct reply *reply, bool bodiless) {
    client_pump(client);
    const char *end = memmem(client->in, client->len, "\r\n\r\n", 4);
    if (!end) return false;
    size_t head = (size_t)(end - client->in) + 4;
    assert_true(head < sizeof(reply->head));
    memcpy(reply->head, client->in, head);
    reply->head[head] = '\0';
    assert_int_equal(sscanf(reply->head, "HTTP/1.1 %d ", &reply->status), 1);
    const char *length = reply_header(reply, "Content-Length");
    reply->body_len = length && !bodiless ? strtoul(length, NULL, 10) : 0;
    if (client->len < head + reply->body_len) return false;
    size_t shown = reply->body_len < sizeof(reply->body) ? reply->body_len : sizeof(reply->body) - 1;
    memcpy(reply->body, client->in + head, shown);
    reply->body[shown] = '\0';
    client->len -= head + reply->body_len;
    memmove(client->in, client->in + head + reply->body_len, client->len);
    return true;
}

static struct reply reply_to(struct client *client, const char *text) {
    struct reply reply;
    client_say(client, text);
    UNTIL(reply_there(client, &reply, false));
    return reply;
}

static inline struct reply reply_next(struct client *client) {
    return reply_to(client, "");
}

#endif
