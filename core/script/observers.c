/* observers.c -- what waits for an observer is text that grows, and a run takes it whole: no list, no count,
 * and the coroutine makes one string of it. */

#include "observers.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/reactor.h"
#include "../exchange/counts.h"
#include "../exchange/route_names.h"
#include "../services/bus.h"
#include "generation.h"
#include "scheduler.h"
#include <stdlib.h>
#include <string.h>

struct observer {
    struct observers *observers;
    const struct observer_plan *plan;
    struct buf waiting, given; /* events, a line each: for the next run; of this one */
    struct reactor_timer timer;
    int64_t started_ns; /* the latest run; 0: none yet */
    bool running;
    const char *arg;
    long failures, lost;
};

struct observers {
    struct observers_parts parts;
    struct generation *generation;
    bool stopped, retired;
    size_t count;
    struct observer list[];
};

/* ---- when to run ---- */

/* How long it must wait until `every` allows the next run. The last one is not put off. */
static int64_t pause_ns(const struct observer *observer) {
    if (observer->started_ns == 0 || observer->observers->retired) return 0;
    int64_t left_ns = observer->started_ns + observer->plan->every_ns - clock_ns();
    return left_ns > 0 ? left_ns : 0;
}

static bool wants_run(const struct observer *observer) {
    bool ticks = !observer->plan->on && !observer->observers->retired;
    return !observer->running && (ticks || observer->waiting.len > 0);
}

/* A timer that runs already is for this very run. */
static void plan_run(struct observer *observer) {
    struct observers *observers = observer->observers;
    if (observers->stopped || observer->timer.heap || !wants_run(observer)) return;
    struct err err = {0};
    if (reactor_timer_start(observers->parts.reactor, &observer->timer, pause_ns(observer), &err) != ERR_OK)
        log_event(LOG_ERROR, "an observer waits for its next event",
                  log_text("observer", observer->plan->place), log_text("reason", err.text));
}

static void plan_all(struct observers *observers) {
    for (size_t i = 0; i < observers->count; i++)
        plan_run(&observers->list[i]);
}

/* ---- a run ---- */

static void ended(void *ctx, bool fine, const char *text) {
    struct observer *observer = ctx;
    observer->running = false;
    buf_clear(&observer->given);
    if (!fine) {
        observer->failures++;
        counts_error(observer->observers->generation->context.services->counts, ROUTE_OBSERVERS);
        log_event(LOG_ERROR, "observer failed", log_text("observer", observer->plan->place),
                  log_text("reason", text), log_int("failures", observer->failures));
    }
    plan_run(observer);
}

/* Behind the routes. */
static size_t number_of(const struct observer *observer) {
    const struct observers *observers = observer->observers;
    return observers->generation->run_count + (size_t)(observer - observers->list);
}

/* One that was stopped too often comes back when its rest is over; its events gather. */
static bool rests(struct observer *observer, enum quarantine_pass *pass) {
    const struct observers_parts *parts = &observer->observers->parts;
    int64_t left_ns = 0;
    *pass = quarantine_ask(observer->observers->generation->quarantine, number_of(observer), &left_ns);
    if (*pass != QUARANTINE_RESTS) return false;
    reactor_timer_start(parts->reactor, &observer->timer, left_ns, NULL);
    return true;
}

static void run(void *ctx) {
    struct observer *observer = ctx;
    struct observers_parts *parts = &observer->observers->parts;
    enum quarantine_pass pass;
    if (rests(observer, &pass)) return;
    struct buf given = observer->waiting;
    struct err err = {0};
    observer->waiting = observer->given;
    observer->given = given;
    observer->running = true;
    observer->started_ns = clock_ns();
    observer->arg = given.len ? given.data : "";
    struct job_call call = {.function = observer->plan->function,
                            .args = &observer->arg,
                            .arg_count = 1,
                            .ended = ended,
                            .ctx = observer,
                            .quarantine = observer->observers->generation->quarantine,
                            .number = number_of(observer),
                            .pass = pass};
    if (scheduler_run(parts->scheduler, observer->observers->generation, &call, &err) == ERR_OK) return;
    quarantine_dropped(call.quarantine, call.number, pass);
    ended(observer, false, err.text);
}

/* ---- what comes ---- */

static long count_lines(const char *text, size_t len) {
    long lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

/* The older half goes at once, so that a queue that stays full is not moved for every event. */
static void note_loss(struct observer *observer, long count) {
    observer->lost += count;
    bus_lost(observer->observers->parts.bus, observer->plan->on, (uint64_t)count);
}

static void lose_oldest(struct observer *observer) {
    struct buf *waiting = &observer->waiting, kept = {0};
    const char *middle = memchr(waiting->data + waiting->len / 2, '\n', waiting->len - waiting->len / 2);
    size_t lost = (size_t)(middle - waiting->data) + 1;
    note_loss(observer, count_lines(waiting->data, lost));
    log_event(LOG_WARN, "an observer is too slow and loses events",
              log_text("observer", observer->plan->place), log_int("lost", observer->lost));
    buf_add(&kept, waiting->data + lost, waiting->len - lost);
    buf_done(waiting);
    *waiting = kept;
}

static void add(struct observer *observer, const struct bus_event *event) {
    if (observer->waiting.len + event->len >= OBSERVERS_WAITING) lose_oldest(observer);
    buf_add(&observer->waiting, event->text, event->len);
    buf_add_char(&observer->waiting, '\n');
    if (observer->waiting.failed) {
        buf_done(&observer->waiting);
        note_loss(observer, 1);
    }
}

static void arrived(void *ctx) {
    struct observers *observers = ctx;
    struct bus_event *event = bus_take(observers->parts.bus);
    while (event) {
        struct bus_event *next = event->next;
        for (size_t i = 0; i < observers->count; i++) {
            const char *on = observers->list[i].plan->on;
            if (on && strcmp(on, event->name) == 0) add(&observers->list[i], event);
        }
        free(event);
        event = next;
    }
    plan_all(observers);
}

/* ---- life ---- */

enum err_code observers_new(struct observers **ret, struct generation *generation, struct err *err) {
    size_t count = generation->plan_count;
    struct observers *observers = calloc(1, sizeof *observers + count * sizeof(struct observer));
    if (!observers) return err_set(err, ERR_NO_MEMORY, "no memory for observers");
    observers->generation = generation;
    observers->count = count;
    for (size_t i = 0; i < count; i++) {
        struct observer *observer = &observers->list[i];
        observer->observers = observers;
        observer->plan = &generation->plans[i];
        observer->timer = (struct reactor_timer){.fn = run, .ctx = observer};
    }
    *ret = observers;
    return ERR_OK;
}

static void stop_timers(struct observers *observers) {
    for (size_t i = 0; i < observers->count; i++)
        reactor_timer_stop(observers->parts.reactor, &observers->list[i].timer);
}

void observers_start(struct observers *observers, const struct observers_parts *parts) {
    observers->parts = *parts;
    plan_all(observers);
    bus_read(parts->bus, parts->mailbox, arrived, observers);
}

void observers_retire(struct observers *observers) {
    observers->retired = true;
    stop_timers(observers);
    plan_all(observers);
}

bool observers_over(const struct observers *observers) {
    for (size_t i = 0; observers && i < observers->count; i++)
        if (observers->list[i].running || observers->list[i].timer.heap) return false;
    return true;
}

void observers_stop(struct observers *observers) {
    if (!observers || !observers->parts.reactor) return;
    observers->stopped = true;
    stop_timers(observers);
}

void observers_free(struct observers *observers) {
    if (!observers) return;
    for (size_t i = 0; i < observers->count; i++) {
        buf_done(&observers->list[i].waiting);
        buf_done(&observers->list[i].given);
    }
    free(observers);
}
