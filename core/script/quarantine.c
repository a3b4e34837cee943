/* quarantine.c -- three atomics a handler; who is not resting is asked for one of them alone. */

#include "quarantine.h"
#include "../base/clock.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define FORGOTTEN_NS (600 * CLOCK_NS_PER_S)

struct record {
    atomic_uint kills;
    _Atomic int64_t latest_ns; /* the latest kill */
    _Atomic int64_t until_ns;  /* 0: free */
};

struct quarantine {
    int64_t rest_ns, pause_ns;
    size_t count;
    struct record records[];
};

enum err_code quarantine_new(struct quarantine **ret, size_t count, int64_t rest_ns, int64_t pause_ns,
                             struct err *err) {
    struct quarantine *quarantine = calloc(1, sizeof *quarantine + count * sizeof(struct record));
    if (!quarantine) return err_set(err, ERR_NO_MEMORY, "out of memory");
    quarantine->count = count;
    quarantine->rest_ns = rest_ns > pause_ns ? rest_ns : pause_ns;
    quarantine->pause_ns = pause_ns;
    *ret = quarantine;
    return ERR_OK;
}

void quarantine_free(struct quarantine *quarantine) {
    free(quarantine);
}

/* Who moves the end of the rest further on is the one that tries. */
static enum quarantine_pass ask_resting(struct quarantine *quarantine, struct record *record,
                                        int64_t until_ns, int64_t *left_ns) {
    int64_t now_ns = clock_ns();
    bool pauses = atomic_load(&record->kills) < QUARANTINE_KILLS;
    if (pauses && now_ns >= until_ns) {
        atomic_compare_exchange_strong(&record->until_ns, &until_ns, 0);
        return QUARANTINE_FREE;
    }
    if (now_ns >= until_ns &&
        atomic_compare_exchange_strong(&record->until_ns, &until_ns, now_ns + quarantine->rest_ns))
        return QUARANTINE_TRIAL;
    *left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    return until_ns ? QUARANTINE_RESTS : QUARANTINE_FREE; /* 0: lifted by another thread just now */
}

enum quarantine_pass quarantine_ask(struct quarantine *quarantine, size_t number, int64_t *left_ns) {
    if (!quarantine) return QUARANTINE_FREE;
    struct record *record = &quarantine->records[number];
    int64_t until_ns = atomic_load_explicit(&record->until_ns, memory_order_relaxed);
    return until_ns == 0 ? QUARANTINE_FREE : ask_resting(quarantine, record, until_ns, left_ns);
}

static unsigned count_kill(struct record *record, int64_t now_ns) {
    if (now_ns - atomic_exchange(&record->latest_ns, now_ns) > FORGOTTEN_NS) atomic_store(&record->kills, 0);
    return atomic_fetch_add(&record->kills, 1) + 1;
}

/* Those that ran already when its rest began make it no longer. */
int64_t quarantine_killed(struct quarantine *quarantine, size_t number, enum quarantine_pass pass) {
    if (!quarantine) return 0;
    struct record *record = &quarantine->records[number];
    int64_t now_ns = clock_ns();
    unsigned kills = count_kill(record, now_ns);
    if (kills < QUARANTINE_KILLS) {
        if (quarantine->pause_ns) atomic_store(&record->until_ns, now_ns + quarantine->pause_ns);
        return 0;
    }
    if (pass != QUARANTINE_TRIAL && kills > QUARANTINE_KILLS) return 0;
    atomic_store(&record->until_ns, now_ns + quarantine->rest_ns);
    return quarantine->rest_ns;
}

void quarantine_well(struct quarantine *quarantine, size_t number, enum quarantine_pass pass) {
    if (!quarantine || pass != QUARANTINE_TRIAL) return;
    struct record *record = &quarantine->records[number];
    atomic_store(&record->kills, 0);
    atomic_store(&record->until_ns, 0);
}

/* The next one tries instead. */
void quarantine_dropped(struct quarantine *quarantine, size_t number, enum quarantine_pass pass) {
    if (quarantine && pass == QUARANTINE_TRIAL)
        atomic_store(&quarantine->records[number].until_ns, clock_ns());
}

/* One whose rest is over and that nobody has tried yet still counts. */
size_t quarantine_resting(const struct quarantine *quarantine) {
    size_t count = 0;
    for (size_t i = 0; quarantine && i < quarantine->count; i++) {
        const struct record *record = &quarantine->records[i];
        count += atomic_load_explicit(&record->until_ns, memory_order_relaxed) != 0 &&
                 atomic_load_explicit(&record->kills, memory_order_relaxed) >= QUARANTINE_KILLS;
    }
    return count;
}
