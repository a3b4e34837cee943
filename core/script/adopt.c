/* adopt.c -- the scheduler lists the generations of its worker: the first is the current one, those behind it
 * are on their way out. */

#include "adopt.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../services/bus.h"
#include "generation.h"
#include "scheduler.h"

static void close_generation(struct adopt *adopt, struct generation *generation) {
    scheduler_leave(adopt->parts.scheduler, generation);
    adopt->parts.closed(adopt->parts.ctx, generation);
}

static struct generation *first_older(const struct adopt *adopt) {
    struct generation *newest = scheduler_newest(adopt->parts.scheduler);
    return newest ? newest->next : NULL;
}

/* At the end of each turn: whatever ended a generation's last piece is out of it by now. */
static void close_those_over(void *ctx) {
    struct adopt *adopt = ctx;
    struct generation *older = first_older(adopt);
    while (older) {
        struct generation *next = older->next;
        if (generation_over(older) && observers_over(older->observers)) close_generation(adopt, older);
        older = next;
    }
}

static void wait_for_end(struct adopt *adopt, int64_t now_ns) {
    int64_t first_ns = 0;
    for (struct generation *older = first_older(adopt); older; older = older->next)
        if (older->ends_ns > now_ns && (first_ns == 0 || older->ends_ns < first_ns))
            first_ns = older->ends_ns;
    if (first_ns) reactor_timer_start(adopt->parts.reactor, &adopt->timer, first_ns - now_ns, NULL);
}

static void end_those_late(void *ctx) {
    struct adopt *adopt = ctx;
    int64_t now_ns = clock_ns();
    for (struct generation *older = first_older(adopt); older; older = older->next) {
        if (older->ends_ns > now_ns) continue;
        observers_stop(older->observers);
        scheduler_end(adopt->parts.scheduler, older);
    }
    wait_for_end(adopt, now_ns);
}

/* ---- taking over ---- */

static void start_observing(struct adopt *adopt) {
    struct observers_parts parts = {.scheduler = adopt->parts.scheduler,
                                    .bus = adopt->parts.bus,
                                    .reactor = adopt->parts.reactor,
                                    .mailbox = adopt->parts.mailbox};
    observers_start(adopt->current->observers, &parts);
    if (adopt->stopped) observers_stop(adopt->current->observers);
}

static void retire(struct adopt *adopt, struct generation *generation) {
    int64_t now_ns = clock_ns();
    generation->ends_ns = now_ns + adopt->parts.patience_ns;
    if (adopt->observes) observers_retire(generation->observers);
    wait_for_end(adopt, now_ns);
}

void adopt_switch(struct adopt *adopt, struct edition *edition) {
    struct generation *former = adopt->current;
    adopt->edition = edition;
    adopt->current = edition->generations[adopt->parts.index];
    scheduler_host(adopt->parts.scheduler, adopt->current);
    if (adopt->observes) start_observing(adopt);
    if (former) retire(adopt, former);
}

void adopt_observe(struct adopt *adopt) {
    adopt->observes = true;
    start_observing(adopt);
}

void adopt_stop(struct adopt *adopt) {
    adopt->stopped = true;
    for (struct generation *each = scheduler_newest(adopt->parts.scheduler); each; each = each->next)
        observers_stop(each->observers);
}

/* ---- life ---- */

void adopt_open(struct adopt *adopt, const struct adopt_parts *parts) {
    *adopt = (struct adopt){.parts = *parts};
    adopt->hook = (struct reactor_hook){.fn = close_those_over, .ctx = adopt};
    adopt->timer = (struct reactor_timer){.fn = end_those_late, .ctx = adopt};
    reactor_hook_add(parts->reactor, &adopt->hook);
}

void adopt_close(struct adopt *adopt) {
    if (!adopt->parts.reactor) return;
    reactor_hook_remove(adopt->parts.reactor, &adopt->hook);
    reactor_timer_stop(adopt->parts.reactor, &adopt->timer);
    if (adopt->observes) bus_unread(adopt->parts.bus);
}
