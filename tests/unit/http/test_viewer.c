/* test_viewer.c -- one client of a stream, over a real socket: what it gets, and when it is gone. */

#include "../../../core/base/clock.h"
#include "../../../core/http/viewer.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS 4096 /* of a frame: so that some fill the socket */

static struct {
    struct reactor *reactor;
    struct viewer viewer;
    int client;
    int gone;
    struct meter frames;
} world;

static void on_gone(struct viewer *viewer) {
    world.gone++;
    viewer_close(viewer);
}

static int set_up(void **state) {
    int ends[2];
    (void)state;
    memset(&world, 0, sizeof(world));
    assert_int_equal(reactor_new(&world.reactor, NULL), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    world.client = ends[1];
    fcntl(world.client, F_SETFL, O_NONBLOCK);
    world.viewer = (struct viewer){.gone = on_gone, .reactor = world.reactor, .frames = &world.frames};
    assert_true(viewer_open(&world.viewer, ends[0]));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    if (!world.gone) viewer_close(&world.viewer);
    if (world.client >= 0) close(world.client);
    reactor_free(world.reactor);
    return 0;
}

/* "NNNNNN....\n" of WORDS bytes. */
static struct frame *frame(int number) {
    static char bytes[WORDS];
    memset(bytes, '.', sizeof(bytes));
    snprintf(bytes, sizeof(bytes), "%06d", number);
    bytes[6] = '.';
    bytes[WORDS - 1] = '\n';
    return frame_new(bytes, sizeof(bytes));
}

static bool offer(int number) {
    struct frame *one = frame(number);
    bool there = viewer_offer(&world.viewer, one);
    frame_drop(one);
    return there;
}

/* Reads whole frames until `last` (or the end, for -1); returns how many, and that they rise. */
static int read_until(int last) {
    static char bytes[WORDS];
    size_t have = 0;
    int count = 0, number = -1;
    for (int64_t end_ns = clock_ns() + 5 * CLOCK_NS_PER_S; clock_ns() < end_ns;) {
        ssize_t got = recv(world.client, bytes + have, sizeof(bytes) - have, 0);
        if (got == 0 && have == 0 && last < 0) return count;
        if (got < 0) reactor_turn(world.reactor, 5);
        if (got > 0 && (have += (size_t)got) == sizeof(bytes)) {
            assert_true(atoi(bytes) > number);
            assert_int_equal(bytes[WORDS - 1], '\n');
            number = atoi(bytes);
            have = 0;
            count++;
            if (number == last) return count;
        }
    }
    fail_msg("frame %d did not come, %d was the last", last, number);
    return 0;
}

static void frames_come_in_order(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(offer(i));
    assert_int_equal(read_until(2), 3);
    assert_int_equal(meter_read(&world.frames), 3);
}

static void who_reads_slowly_skips_to_the_newest(void **state) {
    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_true(offer(i));
    assert_non_null(world.viewer.frame);
    assert_non_null(world.viewer.next); /* and no more */
    int seen = read_until(4999);
    assert_in_range(seen, 2, 100);
    assert_int_equal(meter_read(&world.frames), seen);
    assert_null(world.viewer.frame);
    assert_true(offer(5000)); /* and then as everybody */
    assert_int_equal(read_until(5000), 1);
}

static void a_nudge_is_for_who_has_nothing_to_read(void **state) {
    struct frame *one = frame(7);
    (void)state;
    assert_true(viewer_nudge(&world.viewer, one));
    assert_int_equal(read_until(7), 1);
    for (int i = 8; i < 5000; i++)
        assert_true(offer(i));
    assert_true(viewer_nudge(&world.viewer, one));
    assert_true(read_until(4999) > 1); /* rising: 7 is not among them */
    frame_drop(one);
}

static void the_last_frame_is_followed_by_the_end(void **state) {
    struct frame *last = frame(9999);
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(offer(i));
    assert_true(viewer_end(&world.viewer, last));
    assert_true(viewer_end(&world.viewer, last));
    assert_true(offer(10000)); /* not shown any more */
    frame_drop(last);
    assert_true(read_until(-1) > 1);
    assert_int_equal(world.gone, 0); /* it may still be reading */
    close(world.client);
    world.client = -1;
    for (int i = 0; i < 100 && !world.gone; i++)
        reactor_turn(world.reactor, 50);
    assert_int_equal(world.gone, 1);
}

static void who_leaves_is_gone_at_once(void **state) {
    (void)state;
    offer(1);
    close(world.client);
    world.client = -1;
    reactor_turn(world.reactor, 5000);
    assert_int_equal(world.gone, 1);
    assert_int_equal(world.viewer.why, VIEWER_LEFT);
}

static void who_closes_one_half_is_gone_too(void **state) {
    (void)state;
    shutdown(world.client, SHUT_WR);
    reactor_turn(world.reactor, 5000);
    assert_int_equal(world.gone, 1);
}

static void sending_to_who_has_left_tells(void **state) {
    (void)state;
    close(world.client);
    world.client = -1;
    assert_false(offer(1));
    assert_int_equal(world.gone, 1);
}

static void what_a_client_says_is_thrown_away_within_bounds(void **state) {
    static char words[1000];
    size_t said = 0;
    (void)state;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(send(world.client, words, sizeof(words), 0), sizeof(words));
        reactor_turn(world.reactor, 50);
    }
    assert_int_equal(world.gone, 0);
    offer(1);
    assert_int_equal(read_until(1), 1);
    while (!world.gone && said < (1 << 20)) {
        if (send(world.client, words, sizeof(words), MSG_NOSIGNAL) > 0) said += sizeof(words);
        reactor_turn(world.reactor, 50);
    }
    assert_int_equal(world.gone, 1);
    assert_int_equal(world.viewer.why, VIEWER_TALKATIVE);
    assert_in_range(said, 4000, 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in_order),
        TEST(who_reads_slowly_skips_to_the_newest),
        TEST(a_nudge_is_for_who_has_nothing_to_read),
        TEST(the_last_frame_is_followed_by_the_end),
        TEST(who_leaves_is_gone_at_once),
        TEST(who_closes_one_half_is_gone_too),
        TEST(sending_to_who_has_left_tells),
        TEST(what_a_client_says_is_thrown_away_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
