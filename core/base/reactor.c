/* reactor.c -- one thread's loop.
 *
 * Watches stand in a table of slots, each with a serial that changes whenever a watch leaves it. epoll hands
 * back {serial, slot}, never a pointer; so an event that was already fetched when its watch was removed finds
 * a newer serial and is dropped, even where another watch has moved in. Timers are a binary heap whose
 * entries know their place, so stopping one costs as little as starting it. */

#include "reactor.h"
#include "clock.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_A_TURN 256
#define FIRST_CAP     16

struct slot {
    struct reactor_watch *watch; /* NULL: free */
    uint32_t serial;
    uint32_t next_free; /* 1-based, 0 ends the list */
};

struct reactor {
    int epoll;
    bool stopping;

    struct slot *slots;
    size_t slot_count, slot_cap;
    uint32_t free_slot; /* 1-based */

    struct reactor_timer **heap; /* heap[1] is due first */
    size_t timer_count, heap_cap;

    struct reactor_hook *hooks;
    struct reactor_hook **next_hook; /* while hooks run: the link to the one that comes next */
    unsigned once;                   /* hooks that wait to run once */
};

/* ---- watches ---- */

static bool grow_slots(struct reactor *reactor) {
    if (reactor->slot_count < reactor->slot_cap) return true;
    size_t cap = reactor->slot_cap ? reactor->slot_cap * 2 : FIRST_CAP;
    struct slot *slots = realloc(reactor->slots, cap * sizeof(*slots));
    if (!slots) return false;
    reactor->slots = slots;
    reactor->slot_cap = cap;
    return true;
}

static bool take_slot(struct reactor *reactor, struct reactor_watch *watch) {
    if (reactor->free_slot) {
        watch->slot = reactor->free_slot - 1;
        reactor->free_slot = reactor->slots[watch->slot].next_free;
    } else {
        if (!grow_slots(reactor)) return false;
        watch->slot = reactor->slot_count++;
        reactor->slots[watch->slot] = (struct slot){0};
    }
    reactor->slots[watch->slot].watch = watch;
    return true;
}

static void give_slot(struct reactor *reactor, size_t at) {
    struct slot *slot = &reactor->slots[at];
    slot->watch = NULL;
    slot->serial++;
    slot->next_free = reactor->free_slot;
    reactor->free_slot = (uint32_t)at + 1;
}

static int control(struct reactor *reactor, int verb, const struct reactor_watch *watch, uint32_t events) {
    uint64_t serial = reactor->slots[watch->slot].serial;
    struct epoll_event event = {.events = events, .data.u64 = serial << 32 | watch->slot};
    return epoll_ctl(reactor->epoll, verb, watch->fd, &event);
}

enum err_code reactor_watch_add(struct reactor *reactor, struct reactor_watch *watch, int fd, uint32_t events,
                                struct err *err) {
    assert(!watch->active);
    if (!take_slot(reactor, watch)) return err_set(err, ERR_NO_MEMORY, "no memory to watch a descriptor");
    watch->fd = fd;
    if (control(reactor, EPOLL_CTL_ADD, watch, events) < 0) {
        give_slot(reactor, watch->slot);
        return err_system(err, "epoll_ctl");
    }
    watch->active = true;
    return ERR_OK;
}

enum err_code reactor_watch_change(struct reactor *reactor, struct reactor_watch *watch, uint32_t events,
                                   struct err *err) {
    assert(watch->active);
    return control(reactor, EPOLL_CTL_MOD, watch, events) < 0 ? err_system(err, "epoll_ctl") : ERR_OK;
}

void reactor_watch_remove(struct reactor *reactor, struct reactor_watch *watch) {
    if (!watch->active) return;
    control(reactor, EPOLL_CTL_DEL, watch, 0);
    give_slot(reactor, watch->slot);
    watch->active = false;
}

static void run_event(struct reactor *reactor, const struct epoll_event *event) {
    const struct slot *slot = &reactor->slots[(uint32_t)event->data.u64];
    struct reactor_watch *watch = slot->watch;
    if (watch && slot->serial == event->data.u64 >> 32) watch->fn(watch->ctx, event->events);
}

/* ---- timers ---- */

static void put(struct reactor *reactor, size_t at, struct reactor_timer *timer) {
    reactor->heap[at] = timer;
    timer->heap = at;
}

/* Moves `timer` from the hole at `at` to where it belongs. */
static void sift(struct reactor *reactor, size_t at, struct reactor_timer *timer) {
    struct reactor_timer **heap = reactor->heap;
    for (; at > 1 && timer->due_ns < heap[at / 2]->due_ns; at /= 2)
        put(reactor, at, heap[at / 2]);
    for (size_t child; (child = at * 2) <= reactor->timer_count; at = child) {
        if (child < reactor->timer_count && heap[child + 1]->due_ns < heap[child]->due_ns) child++;
        if (timer->due_ns <= heap[child]->due_ns) break;
        put(reactor, at, heap[child]);
    }
    put(reactor, at, timer);
}

static bool grow_heap(struct reactor *reactor) {
    if (reactor->timer_count + 1 < reactor->heap_cap) return true; /* place 0 is not used */
    size_t cap = reactor->heap_cap ? reactor->heap_cap * 2 : FIRST_CAP;
    struct reactor_timer **heap = realloc(reactor->heap, cap * sizeof(*heap));
    if (!heap) return false;
    reactor->heap = heap;
    reactor->heap_cap = cap;
    return true;
}

enum err_code reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, int64_t delay_ns,
                                  struct err *err) {
    if (!timer->heap) {
        if (!grow_heap(reactor)) return err_set(err, ERR_NO_MEMORY, "no memory for a timer");
        timer->heap = ++reactor->timer_count;
    }
    int64_t now = clock_ns();
    if (delay_ns < 0) delay_ns = 0;
    timer->due_ns = delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns;
    sift(reactor, timer->heap, timer);
    return ERR_OK;
}

void reactor_timer_stop(struct reactor *reactor, struct reactor_timer *timer) {
    size_t hole = timer->heap;
    if (!hole) return;
    struct reactor_timer *last = reactor->heap[reactor->timer_count--];
    timer->heap = 0;
    if (last != timer) sift(reactor, hole, last);
}

/* One look at the clock a turn: a timer that starts itself again with no delay waits for the next turn. */
static void run_timers(struct reactor *reactor) {
    if (reactor->timer_count == 0) return;
    int64_t now = clock_ns();
    while (reactor->timer_count > 0 && reactor->heap[1]->due_ns <= now) {
        struct reactor_timer *timer = reactor->heap[1];
        reactor_timer_stop(reactor, timer);
        timer->fn(timer->ctx);
    }
}

/* ---- hooks ---- */

void reactor_hook_add(struct reactor *reactor, struct reactor_hook *hook) {
    struct reactor_hook **link = &reactor->hooks;
    while (*link) {
        assert(*link != hook);
        link = &(*link)->next;
    }
    hook->next = NULL;
    *link = hook;
}

void reactor_hook_remove(struct reactor *reactor, struct reactor_hook *hook) {
    struct reactor_hook **link = &reactor->hooks;
    while (*link && *link != hook)
        link = &(*link)->next;
    if (!*link) return;
    *link = hook->next;
    if (reactor->next_hook == &hook->next) reactor->next_hook = link;
    if (hook->once) reactor->once--;
    hook->once = false;
}

void reactor_hook_once(struct reactor *reactor, struct reactor_hook *hook) {
    if (hook->once) return;
    reactor_hook_add(reactor, hook);
    hook->once = true;
    reactor->once++;
}

static void run_hooks(struct reactor *reactor) {
    reactor->next_hook = &reactor->hooks;
    while (*reactor->next_hook) {
        struct reactor_hook *hook = *reactor->next_hook;
        reactor->next_hook = &hook->next;
        if (hook->once) reactor_hook_remove(reactor, hook);
        hook->fn(hook->ctx);
    }
    reactor->next_hook = NULL;
}

/* ---- the loop ---- */

enum err_code reactor_new(struct reactor **ret, struct err *err) {
    struct reactor *reactor = calloc(1, sizeof(*reactor));
    if (!reactor) return err_set(err, ERR_NO_MEMORY, "no memory for a reactor");
    reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (reactor->epoll < 0) {
        free(reactor);
        return err_system(err, "epoll_create1");
    }
    *ret = reactor;
    return ERR_OK;
}

void reactor_free(struct reactor *reactor) {
    if (!reactor) return;
    close(reactor->epoll);
    free(reactor->slots);
    free(reactor->heap);
    free(reactor);
}

/* How long epoll may sleep. Rounded up: waking before a timer is due would only mean to wait again. */
static int sleep_ms(const struct reactor *reactor, int most_ms) {
    if (reactor->once > 0) return 0;
    if (reactor->timer_count == 0 || most_ms == 0) return most_ms;
    int64_t left_ns = reactor->heap[1]->due_ns - clock_ns();
    if (left_ns <= 0) return 0;
    int64_t left_ms = left_ns / CLOCK_NS_PER_MS + (left_ns % CLOCK_NS_PER_MS != 0);
    if (most_ms > 0 && left_ms > most_ms) return most_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void reactor_turn(struct reactor *reactor, int wait_ms) {
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(reactor->epoll, events, EVENTS_A_TURN, sleep_ms(reactor, wait_ms));
    assert(count >= 0 || errno == EINTR); /* a signal: a turn without events */
    for (int i = 0; i < count; i++)
        run_event(reactor, &events[i]);
    run_timers(reactor);
    run_hooks(reactor);
}

void reactor_run(struct reactor *reactor) {
    while (!reactor->stopping)
        reactor_turn(reactor, -1);
    reactor->stopping = false;
}

void reactor_stop(struct reactor *reactor) {
    reactor->stopping = true;
}
