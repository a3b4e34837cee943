/* Slow clients, too many clients, clients that leave, and the server's own end. */

#include "../../../core/http/edges.h"
#include "world.h"
#include <limits.h>

#define SHORT (150 * MS)

static void open_with_deadlines(int64_t head_ns, int64_t body_ns, int64_t idle_ns) {
    struct server_options options = options_usual();
    options.head_ns = head_ns;
    options.body_ns = body_ns;
    options.idle_ns = idle_ns;
    world_open(options);
}

/* Sends a byte a millisecond until the server closes; tells how long that took. */
static int64_t trickle(struct client *client, char byte) {
    int64_t started_ns = clock_ns(), sent_ns = 0;
    while (!client_is_closed(client)) {
        if (clock_ns() - sent_ns >= MS) {
            send(client->fd, &byte, 1, MSG_NOSIGNAL);
            sent_ns = clock_ns();
        }
        reactor_turn(world.reactor, 5);
        assert_true(clock_ns() - started_ns < 5 * CLOCK_NS_PER_S);
    }
    return clock_ns() - started_ns;
}

static void a_slow_head_is_cut(void **state) {
    (void)state;
    open_with_deadlines(SHORT, 30 * CLOCK_NS_PER_S, 30 * CLOCK_NS_PER_S);
    struct client *silent = client_new(), *line = client_new(), *headers = client_new();
    client_say(line, "GET /ec");
    client_say(headers, "GET /echo HTTP/1.1\r\n" HOST "X: ");
    assert_in_range(trickle(headers, 'x'), SHORT / 2, 10 * SHORT);
    UNTIL(client_is_closed(line));
    UNTIL(client_is_closed(silent));
    assert_int_equal(headers->len + line->len + silent->len, 0);
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(server_pending(world.server), 0);
    assert_int_equal(world.started, 0);
    client_free(silent);
    client_free(line);
    client_free(headers);
}

static void a_slow_body_is_cut(void **state) {
    (void)state;
    open_with_deadlines(30 * CLOCK_NS_PER_S, SHORT, 30 * CLOCK_NS_PER_S);
    struct client *client = client_new();
    client_say(client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 90000\r\n\r\n");
    assert_in_range(trickle(client, 'x'), SHORT / 2, 10 * SHORT);
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(world.started, 0);
    client_free(client);
}

static void a_slow_reader_is_cut(void **state) {
    (void)state;
    open_with_deadlines(30 * CLOCK_NS_PER_S, SHORT, 30 * CLOCK_NS_PER_S);
    struct client *client = client_new();
    for (int i = 0; i < 40; i++) /* more than the sockets between us hold */
        client_say(client, GET("/big"));
    UNTIL(world.started > 0);
    UNTIL(server_connections(world.server) == 0);
    client_free(client);
}

static void an_idle_connection_is_cut(void **state) {
    (void)state;
    open_with_deadlines(30 * CLOCK_NS_PER_S, 30 * CLOCK_NS_PER_S, SHORT);
    struct client *client = client_new();
    struct reply reply = reply_to(client, GET("/echo"));
    reply = reply_to(client, GET("/much")); /* longer than any idling, but no idling */
    assert_int_equal(reply.status, 200);
    int64_t started_ns = clock_ns();
    UNTIL(client_is_closed(client));
    assert_in_range(clock_ns() - started_ns, SHORT / 2, 10 * SHORT);
    client_free(client);
}

static void work_has_no_deadline_here(void **state) {
    (void)state;
    open_with_deadlines(SHORT, SHORT, SHORT);
    struct client *client = client_new();
    struct reply reply = reply_to(client, "POST /much HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx");
    assert_int_equal(reply.status, 200);
    client_free(client);
}

static void a_freed_place_is_noticed_at_once(void **state) {
    struct server_options options = options_usual();
    struct client *clients[20];
    (void)state;
    options.connections = 1;
    world_open(options);
    for (int i = 0; i < 20; i++)
        client_say(clients[i] = client_new(), GET("/echo"));
    int64_t started_ns = clock_ns();
    for (int i = 0; i < 20; i++) { /* the kernel's queue is in order */
        struct reply reply = reply_next(clients[i]);
        assert_int_equal(reply.status, 200);
        assert_true(server_connections(world.server) <= 1);
        client_free(clients[i]);
    }
    assert_in_range(clock_ns() - started_ns, 0, 20 * 25 * MS); /* a tick each would be a second */
    UNTIL(server_connections(world.server) == 0);
}

/* Who keeps a connection that he does not use gives way to who waits for one. */
static void an_idle_connection_makes_room(void **state) {
    struct server_options options = options_usual();
    (void)state;
    options.connections = 2;
    world_open(options);
    struct client *first = client_new(), *second = client_new(), *late;
    assert_int_equal(reply_to(first, GET("/echo")).status, 200);
    assert_int_equal(reply_to(second, GET("/echo")).status, 200);
    client_say(late = client_new(), GET("/echo"));
    assert_int_equal(reply_next(late).status, 200);
    assert_true(client_is_closed(first));
    client_free(first);
    client_free(second);
    client_free(late);
}

#define TOO_MANY "{\"detail\":\"this address has too many connections open now\""

static void one_too_many_of_an_address_is_turned_away(void **state) {
    struct server_options options = options_usual();
    struct edges_options two = {2, "", ""};
    (void)state;
    assert_int_equal(edges_new(&options.edges, &two, NULL), ERR_OK);
    world_open(options);
    struct client *first = client_new(), *second = client_new(), *third;
    assert_int_equal(reply_to(first, GET("/echo")).status, 200);
    assert_int_equal(reply_to(second, GET("/echo")).status, 200);
    for (int i = 0; i < 3; i++) {
        world.generation = i == 2 ? UINT_MAX : 0;
        third = client_new();
        if (i == 1) client_say(third, GET("/echo")); /* the question may be there before the door opens */
        struct reply reply = reply_next(third);
        assert_int_equal(reply.status, 429);
        assert_string_equal(reply_header(&reply, "Retry-After"), "10");
        assert_string_equal(reply.body, i == 2 ? TOO_MANY ",\"generation\":4294967295}" : TOO_MANY "}");
        UNTIL(client_is_closed(third));
        client_free(third);
    }
    assert_int_equal(world.started, 2);
    assert_int_equal(server_connections(world.server), 2);
    client_free(first);
    UNTIL(server_connections(world.server) == 1);
    third = client_new();
    assert_int_equal(reply_to(third, GET("/echo")).status, 200);
    client_free(second);
    client_free(third);
    world_close(NULL);
    edges_free(options.edges);
    world_usual(NULL); /* for the tear-down */
}

static void a_client_that_leaves_is_noticed(void **state) {
    (void)state;
    world_usual(NULL);
    for (int reset = 0; reset < 2; reset++) {
        struct client *client = client_new();
        const struct linger linger = {.l_onoff = reset};
        client_say(client, GET("/never"));
        UNTIL(world.held);
        setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        client_free(client);
        UNTIL(world.cancelled == 1 + reset);
        UNTIL(server_connections(world.server) == 0);
        assert_int_equal(server_pending(world.server), 0);
    }
    assert_int_equal(world.started, 2);
}

/* The end comes along with the last bytes, in one read of the library's. */
static void a_client_that_leaves_within_a_request_is_noticed(void **state) {
    static const char *const parts[] = {"GET /ec", "GET /echo HTTP/1.1\r\n" HOST "X: ",
                                        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nx"};
    (void)state;
    world_usual(NULL);
    for (int kept = 0; kept < 2; kept++)
        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
            struct client *client = client_new();
            if (kept) assert_int_equal(reply_to(client, GET("/echo")).status, 200);
            UNTIL(server_connections(world.server) == 1);
            client_say(client, parts[i]);
            client_free(client);
            UNTIL(server_connections(world.server) == 0);
            assert_int_equal(server_pending(world.server), 0);
        }
    assert_int_equal(world.started, 3);
}

static void wait_until_watched(void) {
    int64_t watched_ns = clock_ns() + 200 * MS;
    UNTIL(clock_ns() > watched_ns);
}

/* Whoever has nothing more to ask may say so at once. */
static void a_half_closed_client_gets_its_answer(void **state) {
    static const char text[] = "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nlast";
    static const size_t cuts[] = {0, 7, 30,
                                  sizeof(text) - 3}; /* before it, in the line, the head, the body */
    (void)state;
    world_usual(NULL);
    for (int slow = 0; slow < 2; slow++)
        for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
            struct client *client = client_new();
            client_send(client, text, cuts[i]);
            if (slow) wait_until_watched();
            client_say(client, text + cuts[i]);
            shutdown(client->fd, SHUT_WR);
            struct reply reply = reply_next(client);
            assert_int_equal(reply.status, 200);
            assert_non_null(strstr(reply.body, "last"));
            UNTIL(client_is_closed(client)); /* and it is not kept alive for who will not ask again */
            client_free(client);
        }
}

static void leaving_early_stops_the_work(void **state) {
    (void)state;
    world_usual(NULL);
    struct client *client = client_new();
    client_say(client, GET("/much"));
    UNTIL(server_pending(world.server) == 1);
    client_free(client);
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(world.cancelled, 1);
    assert_int_equal(world.answered_late, 0);
}

static void leaving_while_it_is_answered_is_fine(void **state) {
    (void)state;
    world_usual(NULL);
    for (int i = 0; i < 20; i++) {
        struct client *client = client_new();
        client_say(client, i % 2 ? GET("/later") GET("/never") : GET("/later") GET("/later"));
        turn(i / 4);
        client_free(client);
    }
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(server_pending(world.server), 0);
}

static bool refuses(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)world.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool refused = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0;
    close(fd);
    return refused;
}

static void draining_finishes_what_is_there(void **state) {
    struct reply reply;
    (void)state;
    world_usual(NULL);
    struct client *idle = client_new(), *waiting = client_new(), *queued[30];
    reply = reply_to(idle, GET("/echo"));
    client_say(waiting, GET("/much"));
    UNTIL(server_pending(world.server) == 1);
    for (int i = 0; i < 30; i++) { /* more than are accepted in a run, and no turn is taken in between */
        queued[i] = client_new();
        client_say(queued[i], GET("/later"));
    }
    server_drain(world.server);
    server_drain(world.server); /* twice is fine */
    assert_true(refuses());
    for (int i = 0; i < 30; i++) {
        reply = reply_next(queued[i]);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply_header(&reply, "Connection"), "close");
        client_free(queued[i]);
    }
    UNTIL(client_is_closed(idle));
    reply = reply_next(waiting);
    assert_int_equal(reply.status, 200);
    UNTIL(client_is_closed(waiting));
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(server_pending(world.server), 0);
    assert_int_equal(world.cancelled, 0);
    client_free(idle);
    client_free(waiting);
}

static void a_request_that_has_come_is_not_cut_by_draining(void **state) {
    (void)state;
    world_usual(NULL);
    struct client *client = client_new();
    reply_to(client, GET("/echo"));
    client_say(client, GET("/echo?late"));
    server_drain(world.server);
    struct reply reply = reply_next(client);
    assert_non_null(strstr(reply.body, "late"));
    UNTIL(client_is_closed(client));
    client_free(client);
}

#define STOPPING "{\"detail\":\"The server is stopping.\",\"request_id\":\"%s\",\"generation\":%d}"

static void freeing_answers_who_still_waits(void **state) {
    (void)state;
    world_usual(NULL);
    struct client *soon = client_new(), *watched = client_new(), *body = client_new(), *last = client_new();
    client_say(watched, GET("/never"));
    UNTIL(world.held);
    wait_until_watched();
    client_say(soon, GET("/much") GET("/echo"));
    client_say(body, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nx");
    UNTIL(server_pending(world.server) == 3);
    client_say(last, GET("/echo")); /* comes with the last run of all */
    world.held->generation = 6;
    world.generation = 7;
    server_free(world.server);
    world.server = NULL;
    assert_int_equal(world.cancelled, 2);
    struct client *told[] = {soon, watched, last};
    for (int i = 0; i < 3; i++) {
        struct reply reply = reply_next(told[i]);
        assert_int_equal(reply.status, 503);
        char wanted[128];
        snprintf(wanted, sizeof wanted, STOPPING, reply_header(&reply, "X-Request-Id"),
                 told[i] == watched ? 6 : 7);
        assert_string_equal(reply.body, wanted);
        assert_string_equal(reply_header(&reply, "Retry-After"), "1");
        assert_string_equal(reply_header(&reply, "Connection"), "close");
        assert_true(client_is_closed(told[i]));
        client_free(told[i]);
    }
    assert_true(client_is_closed(body));
    client_free(body);
    assert_int_equal(world.started, 2);
}

static void freeing_nothing_is_fine(void **state) {
    (void)state;
    server_free(NULL);
}

#define TEST(name) cmocka_unit_test_teardown(name, world_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_slow_head_is_cut),
        TEST(a_slow_body_is_cut),
        TEST(a_slow_reader_is_cut),
        TEST(an_idle_connection_is_cut),
        TEST(work_has_no_deadline_here),
        TEST(a_freed_place_is_noticed_at_once),
        TEST(an_idle_connection_makes_room),
        TEST(one_too_many_of_an_address_is_turned_away),
        TEST(a_client_that_leaves_is_noticed),
        TEST(a_client_that_leaves_within_a_request_is_noticed),
        TEST(a_half_closed_client_gets_its_answer),
        TEST(leaving_early_stops_the_work),
        TEST(leaving_while_it_is_answered_is_fine),
        TEST(draining_finishes_what_is_there),
        TEST(a_request_that_has_come_is_not_cut_by_draining),
        TEST(freeing_answers_who_still_waits),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
