/* budget.c -- the watchdog, the signal, and the hook.
 *
 * A seat's turn is odd while its thread is in Lua, and no call has the number of another: so the watchdog
 * knows a long call by two looks at one number, and a signal that comes late finds another number and does
 * nothing. The signal's handler does what the `lua` program does on SIGINT: it sets a hook, in the thread
 * that runs the state, which is what lua_sethook allows.
 *
 * The signal is sent again until the call is over: an interpreter that is just entering a function may
 * overwrite the mark by which it would have noticed its hook. Each time it is waited twice as long, since
 * setting a hook goes through all calls of the stack: where that is deep, signals that come fast would leave
 * the thread no time for anything else. */

#include "budget.h"
#include "../base/clock.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_NS   (20 * CLOCK_NS_PER_MS) /* between two looks at those who seem to behave */
#define AGAIN_NS  (5 * CLOCK_NS_PER_MS)  /* between the first two signals to one who does not */
#define LEAST_NS  CLOCK_NS_PER_MS
#define LEVELS    64                   /* of the stack that are searched for a script's line */
#define OVER_TEXT "more than its time" /* short: making it costs no memory that there may not be */

struct budget_seat {
    struct budget *budget;
    struct budget_seat *next;
    pthread_t thread;
    clockid_t clock;
    /* written by the seat's thread */
    _Atomic uint64_t turn;
    _Atomic int64_t limit_ns;
    lua_State *_Atomic L;
    _Atomic bool armed; /* the hook is set */
    bool killed;
    char place[LUA_IDSIZE + 16];
    /* written by the watchdog */
    _Atomic uint64_t over; /* the turn that must end */
    uint64_t seen;
    int64_t since_ns, since_cpu_ns; /* when that turn was seen first, by our clock and the thread's */
    int64_t again_ns, pause_ns;     /* when it is signalled next, and how long after the signal before */
};

struct budget {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct budget_seat *seats;
    bool ending;
};

static _Thread_local struct budget_seat *own_seat;

/* ---- in the thread that runs Lua ---- */

/* The innermost line of a script; of the prelude when there is none. */
static void note_place(lua_State *L, struct budget_seat *seat) {
    lua_Debug at;
    seat->place[0] = '\0';
    for (int level = 0; level < LEVELS && lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline < 0 || (at.source[0] != '@' && seat->place[0])) continue;
        snprintf(seat->place, sizeof seat->place, "%s:%d", at.short_src, at.currentline);
        if (at.source[0] == '@') return;
    }
    if (!seat->place[0]) snprintf(seat->place, sizeof seat->place, "a library function");
}

/* Before a function is called, Lua's manual allows no yield; what is Lua's own comes by here again with its
 * first instruction, but a library function that only calls others of its kind would not. */
static bool must_go_on(lua_State *L, lua_Debug *ar) {
    if (ar->event == LUA_HOOKCOUNT) return false;
    lua_getinfo(L, "S", ar);
    return *ar->what != 'C' || lua_isyieldable(L);
}

static void end_call(lua_State *L, lua_Debug *ar) {
    struct budget_seat *seat = own_seat;
    if (!seat->killed) note_place(L, seat);
    seat->killed = true;
    if (must_go_on(L, ar)) return;
    if (lua_isyieldable(L)) {
        lua_yield(L, 0);
        return;
    }
    lua_pushliteral(L, OVER_TEXT);
    lua_error(L);
}

/* ThreadSanitizer holds signals back until the thread calls something that it has replaced, and Lua in a
 * loop calls nothing: there the C library is asked past it, and the handler goes unwatched. */
#ifdef __SANITIZE_THREAD__
#define UNWATCHED __attribute__((no_sanitize_thread))
int __sigaction(int number, const struct sigaction *action, struct sigaction *old);
#define install __sigaction
#else
#define UNWATCHED
#define install sigaction
#endif

UNWATCHED static void on_signal(int number) {
    (void)number;
    struct budget_seat *seat = own_seat;
    if (!seat) return;
    uint64_t over = atomic_load_explicit(&seat->over, memory_order_relaxed);
    if (over != atomic_load_explicit(&seat->turn, memory_order_relaxed)) return;
    atomic_store_explicit(&seat->armed, true, memory_order_relaxed);
    lua_sethook(atomic_load_explicit(&seat->L, memory_order_relaxed), end_call, LUA_MASKCOUNT | LUA_MASKCALL,
                1);
}

void budget_enter(struct budget_seat *seat, lua_State *L, int64_t limit_ns) {
    if (!seat) return;
    uint64_t turn = atomic_load_explicit(&seat->turn, memory_order_relaxed);
    atomic_store_explicit(&seat->L, L, memory_order_relaxed);
    atomic_store_explicit(&seat->limit_ns, limit_ns, memory_order_relaxed);
    atomic_store_explicit(&seat->turn, turn + 1, memory_order_release);
}

/* The hook was set and perhaps never came to run: the state is clean again, unless it is to be dropped. */
static bool settle(struct budget_seat *seat) {
    bool killed = seat->killed;
    seat->killed = false;
    atomic_store_explicit(&seat->armed, false, memory_order_relaxed);
    lua_sethook(atomic_load_explicit(&seat->L, memory_order_relaxed), NULL, 0, 0);
    return killed;
}

bool budget_exit(struct budget_seat *seat) {
    if (!seat) return false;
    uint64_t turn = atomic_load_explicit(&seat->turn, memory_order_relaxed);
    atomic_store_explicit(&seat->turn, turn + 1, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst); /* from here on the handler does nothing */
    return atomic_load_explicit(&seat->armed, memory_order_relaxed) && settle(seat);
}

const char *budget_place(const struct budget_seat *seat) {
    return seat ? seat->place : "";
}

/* ---- the watchdog ---- */

/* By its CPU clock alone, those who wait for a busy machine's worker would wait for ever; by ours alone, a
 * worker that was not let run would be killed for it. */
static int64_t used_ns(const struct budget_seat *seat) {
    int64_t past_ns = clock_ns() - seat->since_ns;
    int64_t work_ns = clock_cpu_ns(seat->clock) - seat->since_cpu_ns;
    return past_ns < 2 * work_ns ? past_ns : 2 * work_ns;
}

static int64_t signal_over(struct budget_seat *seat, uint64_t turn) {
    int64_t now_ns = clock_ns();
    if (now_ns < seat->again_ns) return seat->again_ns - now_ns;
    atomic_store_explicit(&seat->over, turn, memory_order_relaxed);
    pthread_kill(seat->thread, SIGRTMIN);
    int64_t pause_ns = seat->pause_ns;
    seat->again_ns = now_ns + pause_ns;
    seat->pause_ns = 2 * pause_ns;
    return pause_ns;
}

/* How long until this seat wants to be looked at again. */
static int64_t look(struct budget_seat *seat) {
    uint64_t turn = atomic_load_explicit(&seat->turn, memory_order_acquire);
    int64_t limit_ns = atomic_load_explicit(&seat->limit_ns, memory_order_relaxed);
    if (turn % 2 == 0 || limit_ns == 0) return LOOK_NS;
    if (turn != seat->seen) {
        seat->seen = turn;
        seat->again_ns = 0;
        seat->pause_ns = AGAIN_NS;
        seat->since_ns = clock_ns();
        seat->since_cpu_ns = clock_cpu_ns(seat->clock);
    }
    int64_t left_ns = limit_ns - used_ns(seat);
    if (left_ns > 0) return left_ns;
    return signal_over(seat, turn);
}

static int64_t look_around(struct budget *budget) {
    int64_t pause_ns = LOOK_NS;
    for (struct budget_seat *seat = budget->seats; seat; seat = seat->next) {
        int64_t wish_ns = look(seat);
        if (wish_ns < pause_ns) pause_ns = wish_ns;
    }
    return pause_ns < LEAST_NS ? LEAST_NS : pause_ns;
}

static void *watch(void *arg) {
    struct budget *budget = arg;
    pthread_mutex_lock(&budget->lock);
    while (!budget->ending) {
        if (!budget->seats) {
            pthread_cond_wait(&budget->changed, &budget->lock);
            continue;
        }
        int64_t until_ns = clock_ns() + look_around(budget);
        struct timespec until = {.tv_sec = until_ns / CLOCK_NS_PER_S, .tv_nsec = until_ns % CLOCK_NS_PER_S};
        pthread_cond_timedwait(&budget->changed, &budget->lock, &until);
    }
    pthread_mutex_unlock(&budget->lock);
    return NULL;
}

/* ---- life ---- */

static void make_lock(struct budget *budget) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&budget->lock, NULL);
    pthread_cond_init(&budget->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void free_all(struct budget *budget) {
    pthread_cond_destroy(&budget->changed);
    pthread_mutex_destroy(&budget->lock);
    free(budget);
}

enum err_code budget_new(struct budget **ret, struct err *err) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct budget *budget = calloc(1, sizeof *budget);
    if (!budget) return err_set(err, ERR_NO_MEMORY, "out of memory");
    make_lock(budget);
    if (install(SIGRTMIN, &action, NULL) != 0 ||
        (errno = pthread_create(&budget->thread, NULL, watch, budget)) != 0) {
        enum err_code code = err_system(err, "the watchdog");
        free_all(budget);
        return code;
    }
    *ret = budget;
    return ERR_OK;
}

void budget_free(struct budget *budget) {
    if (!budget) return;
    pthread_mutex_lock(&budget->lock);
    budget->ending = true;
    pthread_cond_signal(&budget->changed);
    pthread_mutex_unlock(&budget->lock);
    pthread_join(budget->thread, NULL);
    free_all(budget);
}

enum err_code budget_sit(struct budget_seat **ret, struct budget *budget, struct err *err) {
    struct budget_seat *seat = calloc(1, sizeof *seat);
    if (!seat) return err_set(err, ERR_NO_MEMORY, "out of memory");
    seat->budget = budget;
    seat->thread = pthread_self();
    if ((errno = pthread_getcpuclockid(seat->thread, &seat->clock)) != 0) {
        free(seat);
        return err_system(err, "a thread's clock");
    }
    own_seat = seat;
    pthread_mutex_lock(&budget->lock);
    seat->next = budget->seats;
    budget->seats = seat;
    pthread_cond_signal(&budget->changed);
    pthread_mutex_unlock(&budget->lock);
    *ret = seat;
    return ERR_OK;
}

void budget_leave(struct budget_seat *seat) {
    if (!seat) return;
    struct budget *budget = seat->budget;
    pthread_mutex_lock(&budget->lock);
    struct budget_seat **at = &budget->seats;
    while (*at != seat)
        at = &(*at)->next;
    *at = seat->next;
    pthread_mutex_unlock(&budget->lock);
    own_seat = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    free(seat);
}
