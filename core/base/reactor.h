#ifndef PLATEIA_BASE_REACTOR_H
#define PLATEIA_BASE_REACTOR_H

/* reactor.h -- one thread's loop: file descriptors (epoll, level-triggered), timers, and the end of a turn.
 *
 * A turn is: wait, run what is ready, run due timers, run the turn-end hooks in the order of adding.
 * Everything here belongs to the thread that runs the reactor; other threads reach it through a mailbox. The
 * structs `reactor_watch`, `reactor_timer` and `reactor_hook` are the callers' memory and must outlive their
 * registration; callbacks may add and remove any of them, also themselves, at any time (a removed watch's
 * pending event of the same turn is dropped). Zero-initialised structs with fn and ctx set are ready to be
 * added. */

#include "err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reactor;

struct reactor_watch {
    void (*fn)(void *ctx, uint32_t events); /* events: EPOLLIN etc. of sys/epoll.h */
    void *ctx;
    int fd;
    /* private */
    size_t slot;
    bool active;
};

struct reactor_timer {
    void (*fn)(void *ctx);
    void *ctx;
    /* private */
    int64_t due_ns;
    size_t heap; /* place in the heap, 1-based; 0 = not running */
};

struct reactor_hook {
    void (*fn)(void *ctx);
    void *ctx;
    /* private */
    struct reactor_hook *next;
    bool once;
};

enum err_code reactor_new(struct reactor **ret, struct err *err);
void reactor_free(struct reactor *reactor); /* NULL is fine */

/* Runs turns until reactor_stop. reactor_turn runs one, waiting at most wait_ms (-1: as long as it takes). */
void reactor_run(struct reactor *reactor);
void reactor_turn(struct reactor *reactor, int wait_ms);
void reactor_stop(struct reactor *reactor); /* from a callback of this reactor */

enum err_code reactor_watch_add(struct reactor *reactor, struct reactor_watch *watch, int fd, uint32_t events,
                                struct err *err);
enum err_code reactor_watch_change(struct reactor *reactor, struct reactor_watch *watch, uint32_t events,
                                   struct err *err);
void reactor_watch_remove(struct reactor *reactor, struct reactor_watch *watch); /* before closing the fd */

/* (Re)starts the timer to fire once, delay_ns from now. Repeat by starting it again in its callback. */
enum err_code reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, int64_t delay_ns,
                                  struct err *err);
void reactor_timer_stop(struct reactor *reactor, struct reactor_timer *timer); /* not running is fine */

void reactor_hook_add(struct reactor *reactor, struct reactor_hook *hook);
void reactor_hook_remove(struct reactor *reactor, struct reactor_hook *hook);
/* Runs it once, at this turn's end, behind the hooks that were added; in between turns: at the next one's,
 * which then waits for nothing. It is there already: fine. */
void reactor_hook_once(struct reactor *reactor, struct reactor_hook *hook);

#endif
