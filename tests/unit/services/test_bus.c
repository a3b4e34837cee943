/* test_bus.c -- events reach subscribers at once and the reader in order, storms are bounded, letters tell
 * whose they are; many threads publish while one reads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include "../../../core/services/bus.h"
#include "../../../core/services/crypto.h"
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISHERS 4
#define EVENTS     3000
#define TOO_LATE   (30 * CLOCK_NS_PER_S)

static struct bus *bus;
static struct reactor *reactor;
static struct mailbox *mailbox;
static unsigned calls; /* of arrived */

static int set_up(void **state) {
    (void)state;
    calls = 0;
    if (crypto_open(NULL) != ERR_OK || bus_new(&bus, NULL) != ERR_OK) return -1;
    if (reactor_new(&reactor, NULL) != ERR_OK) return -1;
    return mailbox_new(&mailbox, reactor, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    bus_unread(bus);
    mailbox_free(mailbox);
    reactor_free(reactor);
    bus_free(bus);
    return 0;
}

static void arrived(void *ctx) {
    (void)ctx;
    calls++;
}

static void publish(const char *name, const char *text) {
    assert_int_equal(bus_publish(bus, name, text, strlen(text), NULL), ERR_OK);
}

/* Takes all, and writes "name=text " of each. */
static void take(char *ret, size_t room) {
    size_t len = 0;
    *ret = '\0';
    for (struct bus_event *event = bus_take(bus), *next; event; event = next) {
        next = event->next;
        assert_int_equal(strlen(event->text), event->len);
        len += (size_t)snprintf(ret + len, room - len, "%s=%s ", event->name, event->text);
        free(event);
    }
}

static void test_reader_is_woken_once(void **state) {
    (void)state;
    char seen[200];
    publish("early", "1");
    bus_read(bus, mailbox, arrived, NULL);
    reactor_turn(reactor, 0);
    assert_int_equal(calls, 0); /* what came before the reader is not queued */

    publish("a", "1");
    publish("b", "2");
    publish("a", "3");
    reactor_turn(reactor, 1000);
    assert_int_equal(calls, 1);
    take(seen, sizeof seen);
    assert_string_equal(seen, "a=1 a=3 b=2 ");
    publish("b", "4");
    reactor_turn(reactor, 1000);
    assert_int_equal(calls, 2);
    take(seen, sizeof seen);
    assert_string_equal(seen, "b=4 ");
}

static void test_reader_may_leave_while_it_is_rung(void **state) {
    (void)state;
    bus_read(bus, mailbox, arrived, NULL);
    publish("a", "1");
    bus_unread(bus);
    reactor_turn(reactor, 0);
    assert_int_equal(calls, 0);
    assert_null(bus_take(bus));
    bus_read(bus, mailbox, arrived, NULL);
    publish("a", "2");
    reactor_turn(reactor, 1000);
    assert_int_equal(calls, 1);
}

static void test_storm_costs_its_own_oldest(void **state) {
    (void)state;
    struct bus_counts counts;
    char text[32];
    bus_read(bus, mailbox, arrived, NULL);
    publish("rare", "kept");
    for (int i = 0; i < BUS_WAITING + 3; i++) {
        snprintf(text, sizeof text, "%d", i);
        publish("storm", text);
    }
    bus_count(bus, &counts);
    assert_int_equal(counts.dropped, 3);
    assert_int_equal(counts.published, BUS_WAITING + 4);

    struct bus_number numbers[BUS_NAMES];
    bus_lost(bus, "storm", 2);
    bus_lost(bus, "nobody", 2);
    assert_int_equal(bus_read_numbers(bus, numbers), 2);
    assert_string_equal(numbers[0].name, "rare");
    assert_int_equal(numbers[0].published, 1);
    assert_int_equal(numbers[0].dropped, 0);
    assert_string_equal(numbers[1].name, "storm");
    assert_int_equal(numbers[1].published, BUS_WAITING + 3);
    assert_int_equal(numbers[1].dropped, 5);

    struct bus_event *event = bus_take(bus), *next = event->next;
    assert_string_equal(event->text, "kept");
    assert_string_equal(next->text, "3");
    int taken = 0;
    for (; event; event = next, taken++) {
        next = event->next;
        free(event);
    }
    assert_int_equal(taken, BUS_WAITING + 1);
}

static void heard(void *ctx, const char *name, const char *text, size_t len) {
    snprintf(ctx, 100, "%s=%.*s", name, (int)len, text);
}

static void test_subscribers_hear_at_once(void **state) {
    (void)state;
    char first[100] = "", second[100] = "";
    struct bus_subscription one = {.heard = heard, .ctx = first}, two = {.heard = heard, .ctx = second};
    bus_subscribe(bus, &one);
    bus_subscribe(bus, &two);
    publish("a", "{}");
    assert_string_equal(first, "a={}");
    assert_string_equal(second, "a={}");
}

static void test_what_is_no_event_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    char seen[100] = "", name[80];
    static char large[BUS_MAX_TEXT + 1];
    struct bus_subscription one = {.heard = heard, .ctx = seen};
    bus_subscribe(bus, &one);
    memset(name, 'n', sizeof name);
    name[BUS_MAX_NAME + 1] = '\0';
    memset(large, 'x', sizeof large);
    assert_int_equal(bus_publish(bus, "", "1", 1, &err), ERR_INVALID);
    assert_int_equal(bus_publish(bus, "two words", "1", 1, &err), ERR_INVALID);
    assert_int_equal(bus_publish(bus, name, "1", 1, &err), ERR_INVALID);
    assert_int_equal(bus_publish(bus, "a", "1\n2", 3, &err), ERR_INVALID);
    assert_int_equal(bus_publish(bus, "a", "1\0002", 3, &err), ERR_INVALID);
    assert_int_equal(bus_publish(bus, "a", large, sizeof large, &err), ERR_LIMIT);
    assert_string_equal(seen, "");
    assert_int_equal(bus_publish(bus, "a", large, BUS_MAX_TEXT, &err), ERR_OK);

    for (int i = 1; i < BUS_NAMES; i++) {
        snprintf(name, sizeof name, "n%d", i);
        publish(name, "1");
    }
    assert_int_equal(bus_publish(bus, "one-too-many", "1", 1, &err), ERR_LIMIT);
    publish("n1", "2");
}

static void test_letters_tell_whose_they_are(void **state) {
    (void)state;
    struct bus *other = NULL;
    struct buf letter = {0};
    struct err err = {0};
    char seen[100] = "";
    struct bus_subscription one = {.heard = heard, .ctx = seen};
    assert_int_equal(bus_new(&other, NULL), ERR_OK);
    bus_subscribe(bus, &one);
    bus_letter(other, "a.b", "{\"n\":1, \"m\":2}", 14, &letter);
    assert_int_equal(bus_hear(other, letter.data, &err), ERR_EXISTS);
    assert_string_equal(seen, "");
    assert_int_equal(bus_hear(bus, letter.data, &err), ERR_OK);
    assert_string_equal(seen, "a.b={\"n\":1, \"m\":2}");

    const char *const bad[] = {"",
                               " ",
                               "hello",
                               "short a {}",
                               "0123456789abcdef",
                               "0123456789abcdef ",
                               "0123456789abcdef a",
                               "0123456789abcdef  {}",
                               "0123456789abcdef a no JSON",
                               "0123456789abcdef a {}\n{}",
                               "0123456789abcdef a {"};
    strcpy(seen, "nothing");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (bus_hear(bus, bad[i], &err) != ERR_INVALID) fail_msg("heard \"%s\"", bad[i]);
    assert_string_equal(seen, "nothing");
    buf_done(&letter);
    bus_free(other);
}

static void test_letter_fits_a_notification(void **state) {
    (void)state;
    struct buf letter = {0};
    char name[BUS_MAX_NAME + 1];
    static char text[BUS_MAX_TEXT];
    memset(name, 'n', sizeof name);
    name[BUS_MAX_NAME] = '\0';
    memset(text, 'x', sizeof text);
    bus_letter(bus, name, text, sizeof text, &letter);
    assert_true(letter.len < 8000);
    buf_done(&letter);
}

/* ---- many threads ---- */

static atomic_uint heard_count;
static unsigned read_count;
static int numbers[PUBLISHERS];

static void count_heard(void *ctx, const char *name, const char *text, size_t len) {
    (void)ctx, (void)name, (void)text, (void)len;
    atomic_fetch_add(&heard_count, 1);
}

static void *publish_many(void *arg) {
    int me = *(int *)arg;
    for (int i = 0; i < EVENTS; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "%d %d", me, i);
        if (bus_publish(bus, i % 2 ? "odd" : "even", text, (size_t)len, NULL) != ERR_OK) abort();
    }
    return NULL;
}

/* Each publisher's events of one name come in its order. */
static void read_all(void *ctx) {
    int *last = ctx;
    for (struct bus_event *event = bus_take(bus), *next; event; event = next) {
        char *end;
        long who = strtol(event->text, &end, 10), number = strtol(end, NULL, 10);
        int *seen = &last[who * 2 + number % 2];
        assert_true(number > *seen);
        *seen = (int)number;
        next = event->next;
        free(event);
        read_count++;
    }
}

static void test_many_publish_and_one_reads(void **state) {
    (void)state;
    pthread_t threads[PUBLISHERS];
    int last[PUBLISHERS * 2];
    memset(last, -1, sizeof last);
    struct bus_subscription one = {.heard = count_heard};
    bus_subscribe(bus, &one);
    bus_read(bus, mailbox, read_all, last);
    read_count = 0;
    for (int i = 0; i < PUBLISHERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, publish_many, &numbers[i]), 0);
    }
    int64_t until = clock_ns() + TOO_LATE;
    while (read_count < PUBLISHERS * EVENTS && clock_ns() < until)
        reactor_turn(reactor, 100);
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(read_count, PUBLISHERS * EVENTS);
    assert_int_equal(heard_count, PUBLISHERS * EVENTS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reader_is_woken_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reader_may_leave_while_it_is_rung, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_storm_costs_its_own_oldest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_subscribers_hear_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_event_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_letters_tell_whose_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_letter_fits_a_notification, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_publish_and_one_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
