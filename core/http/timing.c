/* timing.c -- what is left of its length are spaces at the end, which are no part of a header's value (RFC
 * 9110 section 5.5). */

#include "timing.h"
#include "../base/clock.h"
#include <stdio.h>
#include <string.h>

#define MOST_MS 9999999.999 /* close to three hours: so there is always room */

static double ms(int64_t ns) {
    double ms = (double)ns / (double)CLOCK_NS_PER_MS;
    return ms < 0 ? 0 : ms > MOST_MS ? MOST_MS : ms;
}

void timing_write(char ret[TIMING_SIZE], const struct spent *spent, int64_t total_ns) {
    int len = snprintf(ret, TIMING_SIZE, "lua;dur=%.3f, db;dur=%.3f, queue;dur=%.3f, total;dur=%.3f",
                       ms(spent->lua_ns), ms(spent->db_ns), ms(spent->queue_ns), ms(total_ns));
    memset(ret + len, ' ', TIMING_SIZE - 1 - (size_t)len);
    ret[TIMING_SIZE - 1] = '\0';
}
