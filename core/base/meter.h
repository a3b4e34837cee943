#ifndef PLATEIA_BASE_METER_H
#define PLATEIA_BASE_METER_H

/* meter.h -- numbers that are counted where things happen and read by somebody else, while it goes on.
 *
 * A meter has one writer: one thread, or whoever holds one lock. So counting is a plain load, an addition and
 * a plain store, and costs what a variable costs. Any thread may read meanwhile, and waits for nobody: each
 * number that it reads is whole, two that it reads one after the other need not be of the same moment.
 * Zero-initialised is zero. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct meter {
    _Atomic uint64_t number;
};

static inline uint64_t meter_read(const struct meter *meter) {
    return atomic_load_explicit(&meter->number, memory_order_relaxed);
}

static inline void meter_set(struct meter *meter, uint64_t number) {
    atomic_store_explicit(&meter->number, number, memory_order_relaxed);
}

static inline void meter_add(struct meter *meter, uint64_t number) {
    meter_set(meter, meter_read(meter) + number);
}

static inline void meter_subtract(struct meter *meter, uint64_t number) {
    meter_set(meter, meter_read(meter) - number);
}

/* ---- how values are spread ---- */

#define METER_BOUNDS 17

/* Upper bounds, each part of what it bounds, rising. */
struct meter_scale {
    size_t count;
    uint64_t bounds[METER_BOUNDS];
};

extern const struct meter_scale meter_durations; /* nanoseconds: half a millisecond to ten seconds */
extern const struct meter_scale meter_batches;   /* things that go together: 1 to 256, doubling */

/* What lay between two bounds, and beyond the last of them, each counted apart. */
struct meter_spread {
    struct meter sum, within[METER_BOUNDS + 1];
};

static inline void meter_observe(struct meter_spread *spread, const struct meter_scale *scale,
                                 uint64_t value) {
    size_t place = 0;
    while (place < scale->count && value > scale->bounds[place])
        place++;
    meter_add(&spread->within[place], 1);
    meter_add(&spread->sum, value);
}

/* The same as plain numbers, to be added up. */
struct meter_sums {
    uint64_t sum, within[METER_BOUNDS + 1];
};
void meter_sum(struct meter_sums *sums, const struct meter_spread *spread);

#endif
