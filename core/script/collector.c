/* collector.c -- steps of Lua's own incremental collector, until two cycles have ended: what died while one
 * was under way is found by the next. */

#include "collector.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "generation.h"
#include <malloc.h>

#define SLICE_NS (3 * CLOCK_NS_PER_MS)
#define REST_NS  CLOCK_NS_PER_S /* after one collection, of any state */
#define TELL_NS  (10 * CLOCK_NS_PER_S)

static bool is_full(const struct generation *generation) {
    return generation_memory(generation) > generation->memory_limit / 4 * 3;
}

static void tell_full(struct collector *collector, const struct generation *generation, int64_t now_ns) {
    if (collector->told_ns && now_ns - collector->told_ns < TELL_NS) return;
    collector->told_ns = now_ns;
    log_event(LOG_WARN, "scripts keep most of the memory that their Lua state may hold",
              log_int("bytes", generation_memory(generation)), log_int("limit", generation->memory_limit));
    if (collector->full) collector->full(collector->ctx);
}

static void end(struct collector *collector, int64_t now_ns) {
    struct generation *generation = collector->generation;
    collector->generation = NULL;
    collector->rests_until_ns = now_ns + REST_NS;
    generation->collecting = false;
    malloc_trim(0); /* what is free is in pieces between what is not, and would stay the process's */
    if (is_full(generation)) tell_full(collector, generation, now_ns);
}

static void slice(void *ctx) {
    struct collector *collector = ctx;
    int64_t now_ns = clock_ns(), until_ns = now_ns + SLICE_NS;
    while (collector->cycles > 0 && now_ns < until_ns) {
        if (lua_gc(collector->generation->L, LUA_GCSTEP, 0)) collector->cycles--;
        now_ns = clock_ns();
    }
    if (collector->cycles == 0 ||
        reactor_timer_start(collector->reactor, &collector->timer, 0, NULL) != ERR_OK)
        end(collector, now_ns);
}

void collector_look(struct collector *collector, struct generation *generation, bool left) {
    if (collector->generation || !(left || is_full(generation))) return;
    if (!left && clock_ns() < collector->rests_until_ns) return;
    collector->generation = generation;
    collector->cycles = 2;
    generation->collecting = true;
    if (reactor_timer_start(collector->reactor, &collector->timer, 0, NULL) != ERR_OK)
        end(collector, clock_ns());
}

void collector_init(struct collector *collector, struct reactor *reactor) {
    *collector = (struct collector){.reactor = reactor};
    collector->timer = (struct reactor_timer){.fn = slice, .ctx = collector};
}

void collector_done(struct collector *collector) {
    reactor_timer_stop(collector->reactor, &collector->timer);
    if (collector->generation) collector->generation->collecting = false;
    collector->generation = NULL;
}
