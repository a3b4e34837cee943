/* test_streams.c -- connections that leave a real server and become streams, beside the thread that serves
 * them. */

#include "../../../core/exchange/board.h"
#include "../../../core/http/edges.h"
#include "../../../core/http/streams.h"
#include "world.h"

static struct {
    struct board *board;
    struct edges *edges;
    struct streams *streams;
} house;

static void open_house(struct streams_options options) {
    struct edges_options limits = {.connections_per_address = 6, .trusted_proxies = "", .cors_origins = "*"};
    struct server_options server = options_usual();
    assert_int_equal(board_new(&house.board, NULL), ERR_OK);
    assert_int_equal(edges_new(&house.edges, &limits, NULL), ERR_OK);
    options.board = house.board;
    options.edges = house.edges;
    assert_int_equal(streams_new(&house.streams, &options, NULL), ERR_OK);
    server.streams = house.streams;
    server.edges = house.edges;
    world_open(server);
    world.generation = 7;
}

static int close_house(void **state) {
    streams_free(house.streams);
    world_close(state);
    edges_free(house.edges);
    board_free(house.board);
    return 0;
}

static int open_usual(void **state) {
    (void)state;
    open_house((struct streams_options){.most = 5, .frame_ns = MS, .ping_ns = 3600 * CLOCK_NS_PER_S});
    return 0;
}

static void publish(const char *text) {
    assert_int_equal(board_publish(house.board, "news", text, strlen(text), NULL), ERR_OK);
}

static bool has(struct client *client, const char *words) {
    client_pump(client);
    return memmem(client->in, client->len, words, strlen(words)) != NULL;
}

#define assert_comes(client, words) UNTIL(has(client, words))

static struct client *watch(const char *bytes) {
    struct client *client = client_new();
    client_say(client, bytes);
    assert_comes(client, "event: hello\n");
    return client;
}

static size_t times(struct client *client, const char *words) {
    size_t count = 0;
    const char *at = client->in, *end = client->in + client->len;
    while ((at = memmem(at, (size_t)(end - at), words, strlen(words)))) {
        count++;
        at++;
    }
    return count;
}

/* ---- coming ---- */

static void a_head_hello_and_the_newest_frame_come_first(void **state) {
    char boot[64];
    (void)state;
    publish("{\"n\":1}");
    publish("{\"n\":2}");
    struct client *client = watch("GET /stream HTTP/1.1\r\n" HOST "Origin: http://a\r\nX-Request-Id: mine\r\n"
                                  "Last-Event-ID: older-1\r\n\r\n");
    assert_comes(client, "event: news\ndata: {\"n\":2}\n\n");
    assert_memory_equal(client->in, "HTTP/1.1 200 OK\r\nDate: ", 23);
    assert_true(has(client, "\r\nContent-Type: text/event-stream\r\n"));
    assert_true(has(client, "\r\nCache-Control: no-store\r\n"));
    assert_true(has(client, "\r\nX-Accel-Buffering: no\r\n"));
    assert_true(has(client, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_true(has(client, "\r\nAccess-Control-Allow-Origin: *\r\n"));
    assert_true(has(client, "\r\nX-Request-Id: mine\r\n"));
    snprintf(boot, sizeof(boot), "\r\n\r\nretry: 1000\nevent: hello\ndata: {\"generation\":0,\"boot\":\"%s\"",
             board_boot(house.board));
    assert_true(has(client, boot));
    assert_false(has(client, "{\"n\":1}"));
    assert_int_equal(streams_count(house.streams), 1);
    UNTIL(server_connections(world.server) == 0); /* the daemon has forgotten it */
    publish("{\"n\":3}");
    assert_comes(client, "data: {\"n\":3}\n\n");
    client_free(client);
    UNTIL(streams_count(house.streams) == 0);
}

static void a_handler_may_wait_before(void **state) {
    (void)state;
    publish("1");
    struct client *client = client_new();
    client_say(client, GET("/echo"));
    struct reply reply = reply_next(client);
    assert_int_equal(reply.status, 200);
    client_say(client, GET("/stream/later"));
    assert_comes(client, "event: news\ndata: 1\n\n");
    publish("2");
    assert_comes(client, "event: news\ndata: 2\n\n");
    assert_int_equal(world.cancelled, 0);
    struct client *watched = watch(GET("/stream/much")); /* its daemon looked whether it is still there */
    assert_comes(watched, "event: news\ndata: 2\n\n");
    client_free(watched);
    UNTIL(streams_count(house.streams) == 1);
    client_free(client);
    UNTIL(streams_count(house.streams) == 0);
}

static void what_stands_behind_the_request_is_dropped(void **state) {
    (void)state;
    publish("1");
    for (int i = 0; i < 3; i++) {
        struct client *client =
            watch(i == 1 ? GET("/stream/later") GET("/echo") GET("/echo") : GET("/stream") GET("/echo"));
        client_say(client, GET("/echo"));
        publish("2");
        assert_comes(client, "data: 2\n\n");
        turn(5);
        assert_false(has(client, "\"path\":\"/echo\""));
        client_free(client);
    }
    assert_int_equal(world.started, 3);
    struct client *other = client_new(); /* numbers of descriptors that were given away serve again */
    for (int i = 0; i < 3; i++)
        assert_int_equal(reply_to(other, GET("/echo")).status, 200);
    client_free(other);
}

static void a_head_alone_is_an_ordinary_answer(void **state) {
    struct client *client = client_new();
    struct reply reply;
    (void)state;
    client_say(client, "HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "Content-Type"), "text/event-stream");
    assert_int_equal(reply_to(client, GET("/echo")).status, 200);
    assert_int_equal(streams_count(house.streams), 0);
    client_free(client);
}

static void old_clients_watch_too(void **state) {
    (void)state;
    publish("1");
    struct client *client = watch("GET /stream HTTP/1.0\r\n\r\n");
    assert_comes(client, "data: 1\n\n");
    client_free(client);
}

static void a_server_without_streams_says_so(void **state) {
    struct client *client = client_new();
    (void)state;
    assert_int_equal(reply_to(client, GET("/stream")).status, 503);
    client_free(client);
}

/* ---- bounds ---- */

static void places_are_bounded(void **state) {
    struct client *clients[5], *late = client_new();
    (void)state;
    for (int i = 0; i < 5; i++)
        clients[i] = watch(GET("/stream"));
    struct reply reply = reply_to(late, GET("/stream"));
    assert_int_equal(reply.status, 503);
    assert_string_equal(reply_header(&reply, "Retry-After"), "10");
    assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
    client_free(clients[0]);
    UNTIL(streams_count(house.streams) == 4);
    client_say(late, GET("/stream")); /* on the same connection */
    assert_comes(late, "event: hello\n");
    client_free(late);
    for (int i = 1; i < 5; i++)
        client_free(clients[i]);
    UNTIL(streams_count(house.streams) == 0);
}

static void an_addresss_connections_go_on_counting(void **state) {
    struct client *watching[4], *asking[2], *one_more = client_new();
    (void)state;
    client_free(one_more);
    for (int i = 0; i < 4; i++)
        watching[i] = watch(GET("/stream"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(reply_to(asking[i] = client_new(), GET("/echo")).status, 200);
    one_more = client_new();
    assert_int_equal(reply_next(one_more).status, 429);
    client_free(one_more);
    client_free(watching[0]);
    UNTIL(streams_count(house.streams) == 3);
    one_more = client_new();
    assert_int_equal(reply_to(one_more, GET("/echo")).status, 200);
    client_free(one_more);
    for (int i = 1; i < 4; i++)
        client_free(watching[i]);
    for (int i = 0; i < 2; i++)
        client_free(asking[i]);
}

static int open_slow(void **state) {
    (void)state;
    open_house((struct streams_options){.most = 5, .frame_ns = 200 * MS, .ping_ns = 3600 * CLOCK_NS_PER_S});
    return 0;
}

static void frames_are_so_many_a_second_and_the_newest(void **state) {
    struct client *client = watch(GET("/stream"));
    char text[32];
    int64_t began_ns = clock_ns();
    (void)state;
    for (int i = 0; clock_ns() - began_ns < 700 * MS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        publish(text);
        turn(1);
    }
    publish("\"last\"");
    assert_comes(client, "data: \"last\"\n\n");
    int64_t most = (clock_ns() - began_ns) / (200 * MS) + 2;
    assert_in_range(times(client, "event: news\n"), 2, most);
    client_free(client);
}

static int open_pinging(void **state) {
    (void)state;
    open_house((struct streams_options){.most = 5, .frame_ns = MS, .ping_ns = 60 * MS});
    return 0;
}

static void everybody_is_pinged(void **state) {
    struct client *one = watch(GET("/stream")), *other = watch(GET("/stream"));
    (void)state;
    UNTIL((client_pump(one), times(one, ": ping\n\n") >= 3));
    UNTIL((client_pump(other), times(other, ": ping\n\n") >= 3));
    client_free(one);
    client_free(other);
}

/* ---- the end ---- */

static void a_goodbye_is_said(void **state) {
    struct client *one = watch(GET("/stream")), *stuck = watch(GET("/stream")), *late = client_new();
    (void)state;
    streams_drain(house.streams);
    UNTIL(client_is_closed(one));
    assert_true(has(one, "event: shutdown\ndata: {}\n\n"));
    assert_int_equal(reply_to(late, GET("/stream")).status, 503);
    client_free(one);
    client_free(late);
    int64_t began_ns = clock_ns();
    streams_free(house.streams); /* does not wait for the one that stays */
    house.streams = NULL;
    assert_in_range(clock_ns() - began_ns, 0, 3 * CLOCK_NS_PER_S);
    client_free(stuck);
}

static void without_a_goodbye_all_are_cut(void **state) {
    struct client *client = watch(GET("/stream"));
    (void)state;
    streams_free(house.streams);
    house.streams = NULL;
    UNTIL(client_is_closed(client));
    publish("nobody is there");
    client_free(client);
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, open_usual, close_house)
#define WITH(name, up) cmocka_unit_test_setup_teardown(name, up, close_house)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_head_hello_and_the_newest_frame_come_first),
        TEST(a_handler_may_wait_before),
        TEST(what_stands_behind_the_request_is_dropped),
        TEST(a_head_alone_is_an_ordinary_answer),
        TEST(old_clients_watch_too),
        cmocka_unit_test_setup_teardown(a_server_without_streams_says_so, world_usual, world_close),
        TEST(places_are_bounded),
        TEST(an_addresss_connections_go_on_counting),
        WITH(frames_are_so_many_a_second_and_the_newest, open_slow),
        WITH(everybody_is_pinged, open_pinging),
        TEST(a_goodbye_is_said),
        TEST(without_a_goodbye_all_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
