/* test_reactor.c -- watches and hooks that add and remove each other, and the order of a turn. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/reactor.h"
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

static int open_bell(bool ringing) {
    int fd = eventfd(ringing, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A watch on an eventfd; when it runs, it tells its letter and does what the test put into `then`. */
struct bell {
    struct reactor_watch watch;
    char letter;
    uint32_t events; /* the last it was called with */
    void (*then)(struct bell *bell);
    struct bell *other;
};

static void on_bell(void *ctx, uint32_t events) {
    struct bell *bell = ctx;
    bell->events = events;
    tell(bell->letter);
    if (bell->then) bell->then(bell);
}

static void bell_add(struct bell *bell, char letter, bool ringing) {
    bell->letter = letter;
    bell->watch = (struct reactor_watch){.fn = on_bell, .ctx = bell};
    assert_int_equal(reactor_watch_add(reactor, &bell->watch, open_bell(ringing), EPOLLIN, NULL), ERR_OK);
}

static void bell_remove(struct bell *bell) {
    reactor_watch_remove(reactor, &bell->watch);
    close(bell->watch.fd);
}

/* ---- watches ---- */

static void a_level_is_reported_until_it_falls(void **state) {
    (void)state;
    struct bell bell = {0};
    uint64_t rung;
    story[0] = '\0';
    bell_add(&bell, 'a', false);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "");
    assert_int_equal(eventfd_write(bell.watch.fd, 1), 0);
    reactor_turn(reactor, 0);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "aa");
    assert_int_equal(bell.events, EPOLLIN);
    assert_int_equal(eventfd_read(bell.watch.fd, &rung), 0);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "aa");
    bell_remove(&bell);
}

static void change_changes_what_is_watched(void **state) {
    (void)state;
    struct bell bell = {0};
    story[0] = '\0';
    bell_add(&bell, 'a', true);
    assert_int_equal(reactor_watch_change(reactor, &bell.watch, 0, NULL), ERR_OK);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "");
    assert_int_equal(reactor_watch_change(reactor, &bell.watch, EPOLLOUT, NULL), ERR_OK);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "a");
    assert_int_equal(bell.events, EPOLLOUT);
    bell_remove(&bell);
}

static void a_refused_watch_is_not_active(void **state) {
    (void)state;
    struct bell bell = {.letter = 'a'};
    struct err err = {0};
    bell.watch = (struct reactor_watch){.fn = on_bell, .ctx = &bell};
    assert_int_equal(reactor_watch_add(reactor, &bell.watch, -1, EPOLLIN, &err), ERR_SYSTEM);
    assert_string_equal(err.text, "epoll_ctl: Bad file descriptor");
    int file = open(".", O_RDONLY | O_CLOEXEC);
    assert_int_equal(reactor_watch_add(reactor, &bell.watch, file, EPOLLIN, &err), ERR_SYSTEM);
    close(file);
    reactor_watch_remove(reactor, &bell.watch);
    story[0] = '\0';
    bell_add(&bell, 'a', true);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "a");
    bell_remove(&bell);
}

static void silence_other(struct bell *bell) {
    reactor_watch_remove(reactor, &bell->other->watch);
}

/* Both are ready in one turn; whichever runs first removes the other, whose event has been fetched. */
static void a_removed_watch_runs_no_more(void **state) {
    (void)state;
    struct bell a = {.then = silence_other}, b = {.then = silence_other};
    a.other = &b;
    b.other = &a;
    story[0] = '\0';
    bell_add(&a, 'x', true);
    bell_add(&b, 'x', true);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "x");
    bell_remove(&a);
    bell_remove(&b);
}

static struct bell successor;

static void replace_other(struct bell *bell) {
    reactor_watch_remove(reactor, &bell->other->watch);
    bell_add(&successor, 's', false);
    assert_int_equal(successor.watch.slot, bell->other->watch.slot); /* it does sit where the other sat */
    bell->then = NULL;
}

static void a_successor_does_not_get_old_events(void **state) {
    (void)state;
    struct bell a = {.then = replace_other}, b = {.then = replace_other};
    a.other = &b;
    b.other = &a;
    story[0] = '\0';
    bell_add(&a, 'x', true);
    bell_add(&b, 'x', true);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "x");
    assert_int_equal(eventfd_write(successor.watch.fd, 1), 0);
    reactor_turn(reactor, 0);
    assert_non_null(strchr(story, 's'));
    bell_remove(&a);
    bell_remove(&b);
    bell_remove(&successor);
}

static void a_watch_may_end_itself(void **state) {
    (void)state;
    struct bell bell = {.then = bell_remove};
    story[0] = '\0';
    bell_add(&bell, 'a', true);
    reactor_turn(reactor, 0);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "a");
    reactor_watch_remove(reactor, &bell.watch); /* once more is fine */
}

static void drain(struct bell *bell) {
    uint64_t rung;
    eventfd_read(bell->watch.fd, &rung);
}

static void more_than_one_turn_can_fetch(void **state) {
    (void)state;
    enum { MANY = 400 };
    struct bell *bells = calloc(MANY, sizeof(*bells));
    story[0] = '\0';
    for (int i = 0; i < MANY; i++) {
        bells[i].then = drain;
        bell_add(&bells[i], 'x', true);
    }
    for (int turn = 0; turn < 2; turn++)
        reactor_turn(reactor, 0);
    assert_int_equal(strlen(story), MANY);
    for (int i = 0; i < MANY; i++)
        bell_remove(&bells[i]);
    free(bells);
}

/* ---- hooks ---- */

struct step {
    struct reactor_hook hook;
    char letter;
    void (*then)(struct step *step);
    struct step *other;
};

static void on_turn_end(void *ctx) {
    struct step *step = ctx;
    tell(step->letter);
    if (step->then) step->then(step);
}

static void step_add(struct step *step) {
    step->hook.fn = on_turn_end;
    step->hook.ctx = step;
    reactor_hook_add(reactor, &step->hook);
}

static void remove_self(struct step *step) {
    reactor_hook_remove(reactor, &step->hook);
}

static void remove_other(struct step *step) {
    reactor_hook_remove(reactor, &step->other->hook);
}

static void remove_both(struct step *step) {
    remove_self(step);
    remove_other(step);
}

static void add_other(struct step *step) {
    step_add(step->other);
    step->then = NULL;
}

/* Three hooks a b c; `who` does `then` to `other`. The story of two turns. */
static const char *story_of(int who, void (*then)(struct step *step), int other) {
    struct step steps[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    steps[who].then = then;
    steps[who].other = &steps[other];
    story[0] = '\0';
    for (int i = 0; i < 3; i++)
        step_add(&steps[i]);
    reactor_turn(reactor, 0);
    tell('|');
    reactor_turn(reactor, 0);
    for (int i = 0; i < 3; i++)
        reactor_hook_remove(reactor, &steps[i].hook);
    reactor_turn(reactor, 0); /* tells nothing more */
    return story;
}

static void hooks_may_be_removed_while_they_run(void **state) {
    (void)state;
    assert_string_equal(story_of(0, NULL, 0), "abc|abc");
    for (int who = 0; who < 3; who++) {
        static const char *const alone[] = {"abc|bc", "abc|ac", "abc|ab"};
        assert_string_equal(story_of(who, remove_self, who), alone[who]);
    }
    assert_string_equal(story_of(0, remove_other, 1), "ac|ac");
    assert_string_equal(story_of(0, remove_other, 2), "ab|ab");
    assert_string_equal(story_of(1, remove_other, 0), "abc|bc");
    assert_string_equal(story_of(2, remove_other, 1), "abc|ac");
    assert_string_equal(story_of(0, remove_both, 1), "ac|c");
    assert_string_equal(story_of(1, remove_both, 0), "abc|c");
    assert_string_equal(story_of(1, remove_both, 2), "ab|a");
}

static void a_hook_added_while_they_run_joins_at_the_end(void **state) {
    (void)state;
    struct step b = {.letter = 'b'}, a = {.letter = 'a', .then = add_other, .other = &b};
    story[0] = '\0';
    step_add(&a);
    reactor_turn(reactor, 0);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "abab");
    reactor_hook_remove(reactor, &a.hook);
    reactor_hook_remove(reactor, &b.hook);
}

/* It would wait for ever, as nothing happens here. */
static void a_hook_that_runs_once_does_not_let_its_turn_wait(void **state) {
    (void)state;
    struct step a = {.letter = 'a'}, b = {.letter = 'b'};
    story[0] = '\0';
    step_add(&a);
    b.hook = (struct reactor_hook){.fn = on_turn_end, .ctx = &b};
    reactor_hook_once(reactor, &b.hook);
    reactor_hook_once(reactor, &b.hook);
    reactor_turn(reactor, -1);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "aba");
    reactor_hook_once(reactor, &b.hook);
    reactor_hook_remove(reactor, &b.hook);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "abaa");
    reactor_hook_remove(reactor, &a.hook);
}

static void ask_once(struct step *step) {
    reactor_hook_once(reactor, &step->other->hook);
}

/* Whoever asks in the middle of the hooks still has it run behind the last of them. */
static void a_hook_that_runs_once_is_the_last(void **state) {
    (void)state;
    struct step once = {.letter = 'o'}, c = {.letter = 'c'};
    struct step a = {.letter = 'a', .then = ask_once, .other = &once};
    once.hook = (struct reactor_hook){.fn = on_turn_end, .ctx = &once};
    story[0] = '\0';
    step_add(&a);
    step_add(&c);
    reactor_turn(reactor, 0);
    reactor_turn(reactor, 0);
    assert_string_equal(story, "acoaco");
    reactor_hook_remove(reactor, &a.hook);
    reactor_hook_remove(reactor, &c.hook);
}

/* ---- the loop ---- */

static void tell_timer(void *ctx) {
    (void)ctx;
    tell('t');
}

static void a_turn_is_events_then_timers_then_hooks(void **state) {
    (void)state;
    struct step step = {.letter = 'h'};
    struct reactor_timer timer = {.fn = tell_timer};
    struct bell bell = {.then = drain};
    story[0] = '\0';
    step_add(&step);
    assert_int_equal(reactor_timer_start(reactor, &timer, 0, NULL), ERR_OK);
    bell_add(&bell, 'e', true);
    reactor_turn(reactor, -1);
    assert_string_equal(story, "eth");
    bell_remove(&bell);
    reactor_hook_remove(reactor, &step.hook);
}

static void freeing_nothing_is_fine(void **state) {
    (void)state;
    reactor_free(NULL);
}

#define reactor_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        reactor_test(a_level_is_reported_until_it_falls),
        reactor_test(change_changes_what_is_watched),
        reactor_test(a_refused_watch_is_not_active),
        reactor_test(a_removed_watch_runs_no_more),
        reactor_test(a_successor_does_not_get_old_events),
        reactor_test(a_watch_may_end_itself),
        reactor_test(more_than_one_turn_can_fetch),
        reactor_test(hooks_may_be_removed_while_they_run),
        reactor_test(a_hook_added_while_they_run_joins_at_the_end),
        reactor_test(a_hook_that_runs_once_does_not_let_its_turn_wait),
        reactor_test(a_hook_that_runs_once_is_the_last),
        reactor_test(a_turn_is_events_then_timers_then_hooks),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
