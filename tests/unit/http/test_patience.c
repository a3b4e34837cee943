/* Clients that are nothing but a socket, with a reader beside them that reads when the test says so. */

#include "../../../core/base/clock.h"
#include "../../../core/http/patience.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG (30 * CLOCK_NS_PER_S)

static struct reactor *reactor;
static struct patience patience;
static struct client client, *left;
static int far; /* the client's end of the line */

static void on_left(struct client *who) {
    left = who;
}

static void open_with(int64_t head_ns, int64_t body_ns, int64_t idle_ns) {
    const struct patience_times times = {head_ns, body_ns, idle_ns};
    int fds[2];
    left = NULL;
    client = (struct client){0};
    assert_int_equal(reactor_new(&reactor, NULL), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    far = fds[1];
    patience_init(&patience, reactor, &times, on_left);
    patience_enter(&patience, &client, fds[0]);
}

static int close_all(void **state) {
    (void)state;
    patience_leave(&client);
    close(client.fd);
    close(far);
    reactor_free(reactor);
    return 0;
}

static bool is_cut(void) {
    char byte;
    return recv(far, &byte, 1, MSG_DONTWAIT) == 0;
}

static void turn(void) {
    patience_tick(&patience);
    reactor_turn(reactor, 1);
}

#define UNTIL(condition)                                                                                     \
    for (int64_t end_ns_ = clock_ns() + 5 * CLOCK_NS_PER_S; !(condition); turn())                            \
        assert_true(clock_ns() < end_ns_);

static void turn_long(void) {
    int64_t until_ns = clock_ns() + 300 * CLOCK_NS_PER_MS;
    UNTIL(clock_ns() > until_ns);
}

static void every_phase_but_work_has_an_end(void **state) {
    static const enum phase phases[] = {PHASE_HEAD, PHASE_BODY, PHASE_SEND, PHASE_IDLE};
    for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
        open_with(1, 1, 1);
        patience_move(&client, phases[i]);
        UNTIL(is_cut());
        close_all(state);
    }
    open_with(1, 1, 1);
    patience_move(&client, PHASE_WORK);
    turn_long();
    assert_false(is_cut());
    assert_null(left);
}

static void who_has_gone_is_cut(void **state) {
    static const enum phase phases[] = {PHASE_HEAD, PHASE_BODY, PHASE_IDLE};
    for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
        open_with(LONG, LONG, LONG);
        patience_move(&client, phases[i]);
        shutdown(far, SHUT_WR);
        UNTIL(is_cut());
        assert_null(left);
        if (i < 2) close_all(state);
    }
}

static void who_has_gone_while_we_work_is_told_of(void **state) {
    (void)state;
    open_with(LONG, LONG, LONG);
    patience_move(&client, PHASE_WORK);
    shutdown(far, SHUT_WR);
    UNTIL(left);
    assert_ptr_equal(left, &client);
    assert_null(patience_first(&patience, PHASE_WORK));
    assert_false(is_cut());
}

static void who_is_being_answered_may_have_said_all(void **state) {
    (void)state;
    open_with(LONG, LONG, LONG);
    patience_move(&client, PHASE_SEND);
    shutdown(far, SHUT_WR);
    turn_long();
    assert_false(is_cut());
}

/* Last words are heard out, however late. */
static void what_was_sent_before_the_end_is_read_first(void **state) {
    char words[8];
    (void)state;
    open_with(LONG, LONG, LONG);
    turn_long();
    assert_int_equal(send(far, "words", 5, 0), 5);
    shutdown(far, SHUT_WR);
    turn_long();
    assert_false(is_cut());
    assert_int_equal(recv(client.fd, words, sizeof(words), 0), 5);
    UNTIL(is_cut());
}

static void looking_does_not_put_the_deadline_off(void **state) {
    (void)state;
    open_with(250 * CLOCK_NS_PER_MS, LONG, LONG);
    assert_int_equal(send(far, "words", 5, 0), 5);
    shutdown(far, SHUT_WR); /* nobody ever reads them */
    UNTIL(is_cut());
}

static void room_is_made_by_who_has_idled_for_long(void **state) {
    (void)state;
    open_with(LONG, LONG, LONG);
    patience_move(&client, PHASE_IDLE);
    patience_make_room(&patience);
    assert_false(is_cut());
    int64_t since_ns = clock_ns();
    UNTIL((patience_make_room(&patience), is_cut()));
    assert_true(clock_ns() - since_ns > 400 * CLOCK_NS_PER_MS);
}

/* At the end: who is just asking is heard, the others go. */
static void the_idle_are_cut_but_who_has_spoken(void **state) {
    for (int speaks = 0; speaks < 2; speaks++) {
        open_with(LONG, LONG, LONG);
        patience_move(&client, PHASE_IDLE);
        if (speaks) assert_int_equal(send(far, "G", 1, 0), 1);
        patience_cut_idle(&patience);
        assert_int_equal(is_cut(), !speaks);
        assert_null(patience_first(&patience, PHASE_IDLE));
        assert_ptr_equal(patience_first(&patience, PHASE_HEAD), speaks ? &client : NULL);
        if (!speaks) close_all(state);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_idle_are_cut_but_who_has_spoken),
        TEST(every_phase_but_work_has_an_end),
        TEST(who_has_gone_is_cut),
        TEST(who_has_gone_while_we_work_is_told_of),
        TEST(who_is_being_answered_may_have_said_all),
        TEST(what_was_sent_before_the_end_is_read_first),
        TEST(looking_does_not_put_the_deadline_off),
        TEST(room_is_made_by_who_has_idled_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
