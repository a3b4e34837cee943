/* meter.c -- the scales. The longer durations are those that OpenTelemetry gives to
 * http.server.request.duration; below its first there are three more, as most of what is served here takes
 * less. */

#include "meter.h"

#define US 1000u

const struct meter_scale meter_durations = {17,
                                            {500 * US, 1000 * US, 2500 * US, 5000 * US, 10000 * US,
                                             25000 * US, 50000 * US, 75000 * US, 100000 * US, 250000 * US,
                                             500000 * US, 750000 * US, 1000000 * US, 2500000ull * US,
                                             5000000ull * US, 7500000ull * US, 10000000ull * US}};

const struct meter_scale meter_batches = {9, {1, 2, 4, 8, 16, 32, 64, 128, 256}};

void meter_sum(struct meter_sums *sums, const struct meter_spread *spread) {
    sums->sum += meter_read(&spread->sum);
    for (size_t i = 0; i <= METER_BOUNDS; i++)
        sums->within[i] += meter_read(&spread->within[i]);
}
