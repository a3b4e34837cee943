/* test_reactor_timer.c -- timers fire in order, whoever starts and stops them, and pace the loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/reactor.h"
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define MS   CLOCK_NS_PER_MS
#define HOUR (3600 * CLOCK_NS_PER_S)

static struct reactor *reactor;

static int set_up(void **state) {
    (void)state;
    return reactor_new(&reactor, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    reactor_free(reactor);
    return 0;
}

/* What happened, one letter an event. */
static char story[1024];

static void tell(char letter) {
    size_t len = strlen(story);
    assert_true(len + 1 < sizeof(story));
    story[len] = letter;
    story[len + 1] = '\0';
}

struct alarm {
    struct reactor_timer timer;
    char letter;
    int fired;
    int64_t fired_ns;
    void (*then)(struct alarm *alarm);
    struct alarm *other;
};

static void on_alarm(void *ctx) {
    struct alarm *alarm = ctx;
    alarm->fired++;
    alarm->fired_ns = clock_ns();
    if (alarm->letter) tell(alarm->letter);
    if (alarm->then) alarm->then(alarm);
}

static void alarm_start(struct alarm *alarm, int64_t delay_ns) {
    alarm->timer.fn = on_alarm;
    alarm->timer.ctx = alarm;
    assert_int_equal(reactor_timer_start(reactor, &alarm->timer, delay_ns, NULL), ERR_OK);
}

static void wait_until_after(int64_t ns) {
    while (clock_ns() <= ns)
        continue;
}

static void timers_fire_in_the_order_they_are_due(void **state) {
    (void)state;
    struct alarm alarms[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}, {.letter = 'd'}};
    story[0] = '\0';
    alarm_start(&alarms[2], 3 * MS);
    alarm_start(&alarms[0], 1 * MS);
    alarm_start(&alarms[3], 4 * MS);
    alarm_start(&alarms[1], 2 * MS);
    while (!alarms[3].fired)
        reactor_turn(reactor, -1);
    assert_string_equal(story, "abcd");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(alarms[i].fired, 1);
        assert_true(alarms[i].fired_ns >= alarms[i].timer.due_ns);
    }
}

static int64_t last_due;
static int fired_in_order;

static void check_order(struct alarm *alarm) {
    assert_true(alarm->timer.due_ns >= last_due);
    last_due = alarm->timer.due_ns;
    fired_in_order++;
}

/* Many timers, started, started anew and stopped at random: what is left fires once each and in order. */
static void a_crowd_stays_in_order(void **state) {
    (void)state;
    enum { CROWD = 1000 };
    struct alarm *alarms = calloc(CROWD, sizeof(*alarms));
    unsigned seed = 7;
    for (int step = 0; step < 10 * CROWD; step++) {
        struct alarm *alarm = &alarms[rand_r(&seed) % CROWD];
        alarm->then = check_order;
        if (rand_r(&seed) % 3)
            alarm_start(alarm, rand_r(&seed) % (int)MS);
        else
            reactor_timer_stop(reactor, &alarm->timer);
    }
    int running = 0;
    for (int i = 0; i < CROWD; i++)
        running += alarms[i].timer.heap != 0;
    assert_in_range(running, CROWD / 4, CROWD - 1);
    wait_until_after(clock_ns() + MS);
    last_due = 0;
    fired_in_order = 0;
    reactor_turn(reactor, 0);
    assert_int_equal(fired_in_order, running);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(alarms[i].timer.heap, 0);
    free(alarms);
}

static void starting_anew_moves_the_time(void **state) {
    (void)state;
    struct alarm alarm = {0};
    alarm_start(&alarm, 0);
    alarm_start(&alarm, HOUR);
    reactor_turn(reactor, 0);
    assert_int_equal(alarm.fired, 0);
    alarm_start(&alarm, -5);
    reactor_turn(reactor, -1);
    assert_int_equal(alarm.fired, 1);
    alarm_start(&alarm, INT64_MAX); /* for ever, not in the past */
    reactor_turn(reactor, 0);
    assert_int_equal(alarm.fired, 1);
    reactor_timer_stop(reactor, &alarm.timer);
}

static void start_again(struct alarm *alarm) {
    alarm_start(alarm, 0);
}

static void a_timer_may_start_itself_again(void **state) {
    (void)state;
    struct alarm alarm = {.then = start_again};
    alarm_start(&alarm, 0);
    for (int turn = 1; turn <= 5; turn++) {
        reactor_turn(reactor, -1);
        assert_int_equal(alarm.fired, turn); /* once a turn: the rest of the loop gets its share */
    }
    reactor_timer_stop(reactor, &alarm.timer);
    reactor_turn(reactor, 0);
    assert_int_equal(alarm.fired, 5);
}

static void stop_both(struct alarm *alarm) {
    reactor_timer_stop(reactor, &alarm->timer);
    reactor_timer_stop(reactor, &alarm->other->timer);
}

static void a_timer_may_stop_itself_and_others(void **state) {
    (void)state;
    struct alarm a = {.then = stop_both}, b = {.then = stop_both};
    a.other = &b;
    b.other = &a;
    alarm_start(&a, 0);
    alarm_start(&b, 1);
    wait_until_after(b.timer.due_ns);
    reactor_turn(reactor, 0);
    assert_int_equal(a.fired, 1);
    assert_int_equal(b.fired, 0);
    reactor_timer_stop(reactor, &b.timer); /* not running is fine */
}

static void waiting_ends_with_the_timer_or_the_limit(void **state) {
    (void)state;
    struct alarm alarm = {0};
    alarm_start(&alarm, HOUR);
    reactor_turn(reactor, 1); /* returns: the limit is nearer */
    assert_int_equal(alarm.fired, 0);
    alarm_start(&alarm, 3 * MS);
    int turns = 0;
    for (; !alarm.fired; turns++)
        reactor_turn(reactor, -1);
    assert_int_equal(turns, 1); /* rounded up: no turn comes too early */
}

/* ---- the loop ---- */

static void stop_the_third_time(struct alarm *alarm) {
    if (alarm->fired % 3 == 0)
        reactor_stop(reactor);
    else
        alarm_start(alarm, 0);
}

static void run_ends_with_stop_and_can_run_again(void **state) {
    (void)state;
    struct alarm alarm = {.then = stop_the_third_time};
    for (int run = 1; run <= 2; run++) {
        alarm_start(&alarm, 0);
        reactor_run(reactor);
        assert_int_equal(alarm.fired, 3 * run);
    }
}

static void on_signal(int signal) {
    (void)signal;
}

static void tell_hook(void *ctx) {
    (void)ctx;
    tell('h');
}

static void a_signal_ends_the_wait(void **state) {
    (void)state;
    struct alarm deadline = {0};
    struct reactor_hook hook = {.fn = tell_hook};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    story[0] = '\0';
    reactor_hook_add(reactor, &hook);
    alarm_start(&deadline, 20 * CLOCK_NS_PER_S);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, NULL); /* again, if we were slow */
    reactor_turn(reactor, -1);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_int_equal(deadline.fired, 0);
    assert_string_equal(story, "h"); /* a whole turn, only without events */
    reactor_hook_remove(reactor, &hook);
}

#define timer_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        timer_test(timers_fire_in_the_order_they_are_due),
        timer_test(a_crowd_stays_in_order),
        timer_test(starting_anew_moves_the_time),
        timer_test(a_timer_may_start_itself_again),
        timer_test(a_timer_may_stop_itself_and_others),
        timer_test(waiting_ends_with_the_timer_or_the_limit),
        timer_test(run_ends_with_stop_and_can_run_again),
        timer_test(a_signal_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
