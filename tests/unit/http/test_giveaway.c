/* test_giveaway.c -- sockets that go to the streams, and what their owner is left with. */

#include "../../../core/base/clock.h"
#include "../../../core/exchange/board.h"
#include "../../../core/exchange/request.h"
#include "../../../core/http/giveaway.h"
#include "../../../core/http/ip.h"
#include "../../../core/http/streams.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 5000

static struct {
    struct board *board;
    struct streams *streams;
    struct giveaway giveaway;
    struct request req;
    struct ip ip;
    int client, owned; /* the two ends of a connection */
} world;

static int set_up(void **state) {
    struct streams_options options = {
        .most = 1, .window_ns = CLOCK_NS_PER_MS, .ping_ns = 3600 * CLOCK_NS_PER_S};
    int ends[2];
    (void)state;
    memset(&world, 0, sizeof(world));
    assert_int_equal(board_new(&world.board, NULL), ERR_OK);
    options.board = world.board;
    assert_int_equal(streams_new(&world.streams, &options, NULL), ERR_OK);
    assert_int_equal(giveaway_open(&world.giveaway, world.streams, NULL), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    world.client = ends[0];
    world.owned = ends[1];
    world.req = (struct request){.method = METHOD_GET, .query = "", .body = ""};
    assert_true(answer_stream(&world.req, "news"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    giveaway_close(&world.giveaway);
    streams_free(world.streams);
    board_free(world.board);
    close(world.client);
    close(world.owned);
    buf_done(&world.req.answer.body);
    arena_done(&world.req.arena);
    return 0;
}

static bool wrap(int fd, struct gift *ret) {
    return giveaway_wrap(&world.giveaway, &world.req, &world.ip, fd, ret);
}

static void assert_says(int status, const char *words) {
    struct buf *body = &world.req.answer.body;
    assert_int_equal(world.req.answer.status, status);
    assert_null(world.req.answer.stream);
    assert_non_null(memmem(body->data, body->len, words, strlen(words)));
    assert_string_equal(answer_header_get(&world.req, "Retry-After"), "10");
}

static void the_client_hears_the_streams_and_the_owner_has_a_dead_socket(void **state) {
    char bytes[1024];
    struct gift gift;
    (void)state;
    assert_true(wrap(world.owned, &gift));
    giveaway_hand_over(&world.giveaway, &gift, world.owned);
    assert_int_equal(read(world.owned, bytes, sizeof(bytes)), 0);
    assert_int_equal(send(world.owned, "x", 1, MSG_NOSIGNAL), -1);
    assert_true(fcntl(world.owned, F_GETFD) & FD_CLOEXEC);
    close(world.owned); /* which closes nothing of the client's */
    world.owned = -1;
    struct pollfd heard = {.fd = world.client, .events = POLLIN};
    assert_int_equal(poll(&heard, 1, PATIENCE_MS), 1);
    assert_true(read(world.client, bytes, sizeof(bytes)) > 15);
    assert_memory_equal(bytes, "HTTP/1.1 200 OK", 15);
}

static void a_second_one_finds_the_dead_socket_as_well(void **state) {
    char byte;
    struct gift gift;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    assert_true(wrap(world.owned, &gift));
    giveaway_hand_over(&world.giveaway, &gift, world.owned);
    close(world.client);
    world.client = ends[0];
    for (int ms = 0; streams_count(world.streams) > 0 && ms < PATIENCE_MS; ms++)
        poll(NULL, 0, 1);
    assert_true(wrap(ends[1], &gift));
    giveaway_hand_over(&world.giveaway, &gift, ends[1]);
    assert_int_equal(read(ends[1], &byte, 1), 0);
    close(ends[1]);
}

static void only_a_get_of_a_stream_is_given_away(void **state) {
    struct gift gift;
    (void)state;
    world.req.method = METHOD_HEAD;
    assert_false(wrap(world.owned, &gift));
    assert_int_equal(world.req.answer.status, 200); /* left as it was */
    world.req.method = METHOD_GET;
    world.req.answer.stream = NULL;
    assert_false(wrap(world.owned, &gift));
    assert_int_equal(world.req.answer.status, 200);
    assert_int_equal(streams_count(world.streams), 0);
}

static void one_too_many_is_told_so(void **state) {
    struct gift gift, none;
    (void)state;
    assert_true(wrap(world.owned, &gift));
    assert_false(wrap(world.owned, &none));
    assert_says(503, "All 1 places at the streams are taken.");
    giveaway_hand_over(&world.giveaway, &gift, world.owned);
}

static void without_a_descriptor_the_seat_is_given_back(void **state) {
    struct gift gift;
    (void)state;
    assert_false(wrap(-1, &gift));
    assert_says(503, "There is no room for another stream.");
    assert_int_equal(streams_count(world.streams), 0);
}

static void without_streams_nothing_is_given_away(void **state) {
    struct giveaway without;
    struct gift gift;
    (void)state;
    assert_int_equal(giveaway_open(&without, NULL, NULL), ERR_OK);
    assert_false(giveaway_wrap(&without, &world.req, &world.ip, world.owned, &gift));
    assert_says(503, "The server is stopping.");
    giveaway_close(&without);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_client_hears_the_streams_and_the_owner_has_a_dead_socket),
        TEST(a_second_one_finds_the_dead_socket_as_well),
        TEST(only_a_get_of_a_stream_is_given_away),
        TEST(one_too_many_is_told_so),
        TEST(without_a_descriptor_the_seat_is_given_back),
        TEST(without_streams_nothing_is_given_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
