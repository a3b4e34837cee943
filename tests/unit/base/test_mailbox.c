/* test_mailbox.c -- letters arrive once, in order, from any thread, and none is lost when the box closes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#define SENDERS  4
#define LETTERS  5000
#define TOO_LATE (30 * CLOCK_NS_PER_S)

struct letter {
    struct mail mail;
    int sender, number;
};

/* All of it belongs to the reactor's thread. */
static struct reactor *reactor;
static struct mailbox *mailbox;
static struct reactor_timer deadline;
static int next_number[SENDERS];
static int live_count, dead_count, wanted;

static void on_deadline(void *ctx) {
    (void)ctx;
    reactor_stop(reactor);
}

static int set_up(void **state) {
    (void)state;
    for (int i = 0; i < SENDERS; i++)
        next_number[i] = 0;
    live_count = dead_count = wanted = 0;
    deadline = (struct reactor_timer){.fn = on_deadline};
    if (reactor_new(&reactor, NULL) != ERR_OK) return -1;
    if (reactor_timer_start(reactor, &deadline, TOO_LATE, NULL) != ERR_OK) return -1;
    return mailbox_new(&mailbox, reactor, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    mailbox_free(mailbox);
    reactor_free(reactor);
    return 0;
}

static void deliver(struct mail *mail, bool live) {
    struct letter *letter = (struct letter *)mail;
    assert_int_equal(letter->number, next_number[letter->sender]++);
    *(live ? &live_count : &dead_count) += 1;
    free(letter);
    if (live_count == wanted) reactor_stop(reactor);
}

static void post(int sender, int number, void (*how)(struct mail *mail, bool live)) {
    struct letter *letter = calloc(1, sizeof(*letter));
    *letter = (struct letter){.mail.deliver = how, .sender = sender, .number = number};
    mailbox_post(mailbox, &letter->mail);
}

static void *send_all(void *arg) {
    int sender = (int)(intptr_t)arg;
    for (int i = 0; i < LETTERS; i++)
        post(sender, i, deliver);
    return NULL;
}

static void letters_from_many_threads_keep_each_senders_order(void **state) {
    (void)state;
    pthread_t threads[SENDERS];
    wanted = SENDERS * LETTERS;
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, (void *)(intptr_t)i), 0);
    reactor_run(reactor);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(live_count, wanted);
    assert_int_equal(dead_count, 0);
}

static void on_answer(struct mail *mail, bool live) {
    int number = ((struct letter *)mail)->number;
    deliver(mail, live);
    if (number + 1 < wanted) post(0, number + 1, on_answer);
}

/* Each letter finds the box empty and the reactor about to sleep: every one must ring. */
static void a_letter_may_post_the_next(void **state) {
    (void)state;
    wanted = 100;
    post(0, 0, on_answer);
    for (int turn = 1; turn <= wanted; turn++) {
        reactor_turn(reactor, -1);
        assert_int_equal(live_count, turn); /* with the next turn, so others get theirs between */
    }
}

static void *send_one(void *arg) {
    (void)arg;
    post(0, live_count, deliver); /* nothing writes it before this has arrived */
    return NULL;
}

static void one_letter_wakes_a_sleeping_reactor(void **state) {
    (void)state;
    for (wanted = 1; wanted <= 20; wanted++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, send_one, NULL), 0);
        reactor_run(reactor);
        pthread_join(thread, NULL);
        assert_int_equal(live_count, wanted);
    }
}

static void closing_delivers_the_rest_as_dead(void **state) {
    (void)state;
    wanted = -1;
    for (int i = 0; i < 10; i++)
        post(0, i, deliver);
    reactor_turn(reactor, -1);
    assert_int_equal(live_count, 10);
    for (int i = 10; i < 25; i++)
        post(0, i, deliver);
    mailbox_free(mailbox);
    mailbox = NULL;
    assert_int_equal(live_count, 10);
    assert_int_equal(dead_count, 15);
    reactor_turn(reactor, 0); /* the bell rang, but nobody watches it any more */
    assert_int_equal(live_count + dead_count, 25);
}

static void close_box(struct mail *mail, bool live) {
    deliver(mail, live);
    if (live) mailbox_free(mailbox);
    mailbox = NULL;
}

static void a_letter_may_close_its_box(void **state) {
    (void)state;
    wanted = -1;
    for (int i = 0; i < 3; i++)
        post(0, i, deliver);
    post(0, 3, close_box);
    for (int i = 4; i < 9; i++)
        post(0, i, deliver);
    reactor_turn(reactor, -1);
    assert_int_equal(live_count, 4);
    assert_int_equal(dead_count, 5);
}

static void freeing_nothing_is_fine(void **state) {
    (void)state;
    mailbox_free(NULL);
}

#define mailbox_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        mailbox_test(letters_from_many_threads_keep_each_senders_order),
        mailbox_test(a_letter_may_post_the_next),
        mailbox_test(one_letter_wakes_a_sleeping_reactor),
        mailbox_test(closing_delivers_the_rest_as_dead),
        mailbox_test(a_letter_may_close_its_box),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
