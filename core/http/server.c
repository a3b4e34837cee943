/* server.c -- one worker's HTTP.
 *
 * The library polls through an epoll of its own, which the reactor watches like any other descriptor. What it
 * does not do by itself is done here.
 *
 * It does not see that a connection was resumed nor, at its limit, that a place became free. Whatever does
 * either sets `again`, and the end of the turn runs the library once for all of them; a tick runs it anyway.
 *
 * It keeps a connection alive only if the answer comes in its last call for a request. So the handler runs
 * there, and an answer in the first call is a refusal, which closes. The connection is suspended only if the
 * handler really waits, and its answer is queued while it is still suspended.
 *
 * It has no deadline that a slow client could not stretch, and does not always notice when a client goes:
 * that is patience.h's. Nor does it let go of a connection that is to be a stream's: that is giveaway.h's.
 *
 * It takes the target apart in place: its log callback, which comes before that, is where an exchange begins.
 * Headers are not copied: the library keeps them until it has reported the exchange's end. */

#include "server.h"
#include "../base/clock.h"
#include "../base/reactor.h"
#include "../exchange/problem.h"
#include "address.h"
#include "answering.h"
#include "connection.h"
#include "edges.h"
#include "exchange.h"
#include "giveaway.h"
#include "patience.h"
#include "traffic.h"
#include "validate.h"
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_NS (50 * CLOCK_NS_PER_MS)
/* One to send, one to reset, one to read until there is no more, and one to spare. */
#define RUNS_A_TURN 4
/* A head of 8 KiB and the answer's must fit. All of it is cleared for each request, and half of it twice:
 * more would cost time. */
#define CONNECTION_MEMORY 10240

struct server {
    struct reactor *reactor;
    struct MHD_Daemon *daemon;
    struct server_options options;
    struct request_handler handler;
    struct reactor_watch ready;
    struct reactor_timer tick;
    struct reactor_hook turn_end;
    struct patience patience;
    struct connections connections;
    struct exchanges exchanges;
    struct answering answering;
    struct giveaway giveaway;
    size_t pending;
    bool again;    /* the library has work it does not know of */
    bool slept;    /* a handler began to wait */
    bool stopping; /* no handler is started any more */
};

enum err_code server_listen(int *ret_fd, const char *host_port, unsigned *ret_port, struct err *err) {
    return address_listen(ret_fd, host_port, true, ret_port, err);
}

size_t server_pending(const struct server *server) {
    return server->pending;
}

size_t server_connections(const struct server *server) {
    return server->connections.count;
}

/* ---- running the library ---- */

static bool has_more(const struct server *server) {
    MHD_UNSIGNED_LONG_LONG wait_ms;
    return server->again || (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

static void run(struct server *server) {
    patience_look(&server->patience);
    for (int i = 0; i < RUNS_A_TURN; i++) {
        server->again = false;
        MHD_run(server->daemon);
        if (!has_more(server)) return;
    }
    reactor_timer_start(server->reactor, &server->tick, 0, NULL); /* go on after a turn for the others */
}

static void on_ready(void *ctx, uint32_t events) {
    (void)events;
    run(ctx);
}

/* Handlers that begin to wait here may rely on a hook that has had its turn: there is another one at once. */
static void on_turn_end(void *ctx) {
    struct server *server = ctx;
    if (!server->again) return;
    server->slept = false;
    run(server);
    if (server->slept) reactor_timer_start(server->reactor, &server->tick, 0, NULL);
}

/* ---- counting ---- */

static void count_pending(struct server *server, int change) {
    server->pending += (size_t)change;
    if (server->options.traffic) meter_set(&server->options.traffic->active, server->pending);
}

/* Its end, as its beginning, is when the clock was last looked at: none is timed by a look of its own. */
static void count(const struct exchange *exchange) {
    const struct request *req = &exchange->req;
    const struct server *server = exchange->connection->server;
    traffic_count(server->options.traffic, req->method, req->route_name, exchange_status(exchange),
                  server->patience.now_ns - req->started_ns);
}

/* ---- answering ---- */

static unsigned generation_now(const struct server *server) {
    const struct request_handler *handler = &server->handler;
    return handler->generation ? handler->generation(handler->ctx) : 0;
}

static enum MHD_Result result(bool good) {
    return good ? MHD_YES : MHD_NO;
}

/* Suspended, the library has no longer an eye on the descriptor, and does not notice. */
static bool becomes_stream(struct exchange *exchange) {
    struct connection *connection = exchange->connection;
    struct server *server = connection->server;
    int fd = connection->client.fd;
    struct gift gift;
    if (!giveaway_wrap(&server->giveaway, &exchange->req, &connection->ip, fd, &gift)) return false;
    bool waits = exchange->state == EXCHANGE_WAITING;
    if (!waits) MHD_suspend_connection(connection->mhd);
    patience_leave(&connection->client);
    giveaway_hand_over(&server->giveaway, &gift, fd);
    if (!waits) MHD_resume_connection(connection->mhd);
    server->again = connection->given_away = true;
    exchange->state = EXCHANGE_SENDING;
    return true;
}

/* MHD_NO: close instead; also where the connection has become a stream, and all that the library still has is
 * to be closed. */
static enum MHD_Result send_answer(struct exchange *exchange) {
    struct server *server = exchange->connection->server;
    if (becomes_stream(exchange)) return MHD_NO;
    return result(answering_give(&server->answering, exchange, server->patience.now_ns));
}

static enum MHD_Result refuse(struct exchange *exchange, int status, const char *detail) {
    struct request *req = &exchange->req;
    if (!req->generation) req->generation = generation_now(exchange->connection->server);
    answer_reset(req);
    problem_say(req, status, detail);
    return send_answer(exchange);
}

/* ---- waiting ---- */

static void suspend(struct connection *connection) {
    connection->exchange->state = EXCHANGE_WAITING;
    connection->server->slept = true;
    MHD_suspend_connection(connection->mhd);
    patience_move(&connection->client, PHASE_WORK);
}

static void resume(struct connection *connection) {
    struct server *server = connection->server;
    MHD_resume_connection(connection->mhd);
    server->again = true;
}

static void on_answered(struct request *req) {
    struct exchange *exchange = (struct exchange *)req;
    if (exchange->state == EXCHANGE_STARTING) {
        exchange->state = EXCHANGE_READY;
        return;
    }
    assert(exchange->state == EXCHANGE_WAITING);
    patience_recall(&exchange->connection->server->patience);
    if (send_answer(exchange) != MHD_YES && !exchange->connection->given_away) {
        exchange->state = EXCHANGE_GONE;
        patience_leave(&exchange->connection->client);
    }
    resume(exchange->connection);
}

static void cancel(struct exchange *exchange) {
    const struct request_handler *handler = &exchange->connection->server->handler;
    exchange->state = EXCHANGE_GONE;
    handler->cancel(handler->ctx, &exchange->req);
}

static void on_left(struct client *client) {
    struct connection *connection = (struct connection *)client;
    cancel(connection->exchange);
    resume(connection);
}

/* ---- a request comes in ---- */

static struct connection *connection_of(struct MHD_Connection *mhd) {
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The library would now list the query's parameters, in the memory it has for a head. Nobody reads that list,
 * and where it does not fit, the library closes the connection without a word. So the query ends as it
 * begins: the text is const here, but it stands in the library's buffer, to be taken apart. */
static void hide_query(const char *target) {
    char *query = strchr((char *)target, '?');
    if (query) query[1] = '\0';
}

/* The request line is there. What this returns is the context of all further calls for the request. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *mhd) {
    struct server *server = ctx;
    struct connection *connection = connection_of(mhd);
    int64_t now_ns = server->patience.now_ns;
    struct exchange *exchange =
        connection ? exchange_take(&server->exchanges, target ? target : "", now_ns) : NULL;
    if (target) hide_query(target);
    if (!exchange) return NULL;
    exchange->connection = connection;
    exchange->req.peer = connection->peer;
    exchange->req.on_answered = on_answered;
    connection->exchange = exchange;
    count_pending(server, 1);
    if (connection->client.deadline.phase == PHASE_IDLE) patience_move(&connection->client, PHASE_HEAD);
    return exchange;
}

static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                 const char *value, size_t value_len) {
    (void)kind;
    (void)name_len;
    return result(exchange_add_header(ctx, name, value, value_len));
}

/* The list of headers does not tell how they were written; the library's buffer does. */
static int judge_lines(struct exchange *exchange, const char *method, const char *version,
                       const char **ret_detail) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const struct validate_bytes head = {method, info->header_size, strlen(exchange->target), version};
    return validate_lines(&head, ret_detail);
}

static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version) {
    struct connection *connection = exchange->connection;
    const char *detail;
    int count = MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, NULL, NULL);
    if (!exchange_expect_headers(exchange, (size_t)count)) return MHD_NO;
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, on_header, exchange);
    if (exchange->req.header_count != (size_t)count) return MHD_NO;
    int status = exchange_judge(exchange, method, version, connection->server->options.body_limit, &detail);
    if (status == 0) status = judge_lines(exchange, method, version, &detail);
    if (status != 0) return refuse(exchange, status, detail);
    edges_client(connection->server->options.edges, &connection->ip, &exchange->req);
    if (!exchange_expect_body(exchange)) return MHD_NO;
    if (exchange->body_room > 0) patience_move(&connection->client, PHASE_BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size) {
    if (!exchange_add_body(exchange, bytes, *size)) return MHD_NO;
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result ask_handler(struct exchange *exchange) {
    struct server *server = exchange->connection->server;
    exchange->state = EXCHANGE_STARTING;
    enum request_state state = server->handler.start(server->handler.ctx, &exchange->req);
    patience_recall(&server->patience);
    if (state == REQUEST_ANSWERED || exchange->state == EXCHANGE_READY) return send_answer(exchange);
    suspend(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result start(struct exchange *exchange) {
    struct server *server = exchange->connection->server;
    struct answering *answering = &server->answering;
    if (server->stopping) return refuse(exchange, 503, "The server is stopping.");
    if (edges_preflight(server->options.edges, &exchange->req)) return send_answer(exchange);
    const struct ready_answer *kept =
        answering_find(answering, exchange, generation_now(server), server->patience.now_ns);
    return kept ? result(answering_give_again(answering, exchange, kept)) : ask_handler(exchange);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *size, void **context) {
    struct exchange *exchange = *context;
    (void)ctx;
    (void)mhd;
    (void)url;
    if (!exchange) return MHD_NO;
    if (exchange->state == EXCHANGE_HEAD) return take_head(exchange, method, version);
    if (exchange->state != EXCHANGE_BODY) return MHD_NO; /* resumed because there is no one to answer */
    return *size > 0 ? take_body(exchange, bytes, size) : start(exchange);
}

/* ---- requests and connections end ---- */

static void end_exchange(struct exchange *exchange) {
    struct connection *connection = exchange->connection;
    struct server *server = connection->server;
    if (exchange->state == EXCHANGE_WAITING) cancel(exchange);
    if (server->options.access_log && exchange->state != EXCHANGE_HEAD) exchange_log(exchange);
    if (server->options.traffic && exchange->state != EXCHANGE_HEAD) count(exchange);
    connection->exchange = NULL;
    exchange_give(&server->exchanges, exchange);
    count_pending(server, -1);
    patience_move(&connection->client, PHASE_IDLE);
}

static void on_completed(void *ctx, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode why) {
    (void)ctx;
    (void)mhd;
    (void)why;
    if (*context) end_exchange(*context);
    *context = NULL;
}

/* NULL: on_target then finds no connection, and closes. */
static void *open_connection(struct server *server, struct MHD_Connection *mhd) {
    const struct sockaddr *peer =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct connection *connection = connection_open(&server->connections, peer, fd, generation_now(server));
    if (!connection) return NULL;
    connection->server = server;
    connection->mhd = mhd;
    return connection;
}

/* The library may forget to report an exchange's end, and its headers have gone with its memory. */
static void end_forgotten(struct exchange *exchange) {
    exchange->req.header_count = 0;
    end_exchange(exchange);
}

static void close_connection(struct connection *connection) {
    struct server *server = connection->server;
    if (connection->exchange) end_forgotten(connection->exchange);
    if (connections_full(&server->connections)) server->again = true;
    connection_close(&server->connections, connection);
}

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = open_connection(ctx, mhd);
    else if (*socket_context)
        close_connection(*socket_context);
}

/* ---- the tick ---- */

static void on_tick(void *ctx) {
    struct server *server = ctx;
    patience_tick(&server->patience);
    if (connections_full(&server->connections)) patience_make_room(&server->patience);
    reactor_timer_start(server->reactor, &server->tick, TICK_NS, NULL);
    run(server);
}

/* ---- beginning and end ---- */

static struct MHD_Daemon *start_daemon(struct server *server) {
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server, /* */
                            MHD_OPTION_LISTEN_SOCKET, server->options.listen_fd,                         /* */
                            MHD_OPTION_CONNECTION_LIMIT, server->options.connections,                    /* */
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,               /* */
                            MHD_OPTION_STRICT_FOR_CLIENT, 0,                                             /* */
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, server,                              /* */
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,                         /* */
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
}

enum err_code server_new(struct server **ret, struct reactor *reactor, const struct server_options *options,
                         struct request_handler handler, struct err *err) {
    struct server *server = calloc(1, sizeof(*server));
    if (!server) return err_set(err, ERR_NO_MEMORY, "no memory for a server");
    server->reactor = reactor;
    server->options = *options;
    server->handler = handler;
    server->ready = (struct reactor_watch){.fn = on_ready, .ctx = server};
    server->tick = (struct reactor_timer){.fn = on_tick, .ctx = server};
    server->turn_end = (struct reactor_hook){.fn = on_turn_end, .ctx = server};
    const struct patience_times times = {options->head_ns, options->body_ns, options->idle_ns};
    patience_init(&server->patience, reactor, &times, on_left);
    reactor_hook_add(reactor, &server->turn_end);
    server->connections = (struct connections){.options = &server->options, .patience = &server->patience};
    answering_init(&server->answering, &server->options);
    enum err_code code = giveaway_open(&server->giveaway, options->streams, err);
    if (code != ERR_OK) goto out;
    server->daemon = start_daemon(server);
    if (!server->daemon) {
        code = err_set(err, ERR_SYSTEM, "libmicrohttpd does not start: %s", strerror(errno));
        goto out;
    }
    int epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    code = reactor_watch_add(reactor, &server->ready, epoll, EPOLLIN, err);
    if (code == ERR_OK) code = reactor_timer_start(reactor, &server->tick, TICK_NS, err);
out:
    if (code == ERR_OK)
        *ret = server;
    else
        server_free(server);
    return code;
}

/* Whoever stands in the accept queue came to this socket alone: closing it would turn them away. */
static void accept_rest(struct server *server, int fd) {
    struct sockaddr_storage address;
    socklen_t len;
    for (int client; (client = address_accept(fd, &address, &len)) >= 0;)
        MHD_add_connection(server->daemon, client, (struct sockaddr *)&address, len);
}

void server_drain(struct server *server) {
    if (server->answering.draining) return;
    server->answering.draining = true;
    run(server); /* what has already arrived on idle connections is served */
    int fd = MHD_quiesce_daemon(server->daemon);
    address_shut(fd);
    accept_rest(server, fd);
    close(fd);
    patience_cut_idle(&server->patience);
    run(server);
}

static void give_up(struct server *server) {
    for (struct client *first; (first = patience_first(&server->patience, PHASE_WORK));) {
        struct connection *connection = (struct connection *)first;
        patience_leave(first);
        cancel(connection->exchange);
        refuse(connection->exchange, 503, "The server is stopping.");
        resume(connection);
    }
}

void server_free(struct server *server) {
    if (!server) return;
    server->stopping = server->answering.draining = true;
    give_up(server);
    if (server->daemon) run(server);
    MHD_stop_daemon(server->daemon);
    reactor_watch_remove(server->reactor, &server->ready);
    reactor_timer_stop(server->reactor, &server->tick);
    reactor_hook_remove(server->reactor, &server->turn_end);
    exchange_done(&server->exchanges);
    answering_done(&server->answering);
    giveaway_close(&server->giveaway);
    free(server);
}
