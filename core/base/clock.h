#ifndef PLATEIA_BASE_CLOCK_H
#define PLATEIA_BASE_CLOCK_H

/* clock.h -- what time it is. The only caller of clock_gettime. */

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_MS 1000000LL
#define CLOCK_NS_PER_S  1000000000LL

int64_t clock_ns(void);                /* monotonic, for deadlines and durations */
int64_t clock_recent_ns(void);         /* this thread's last look at it; 0: it has not looked yet */
int64_t clock_wall_ms(void);           /* milliseconds since 1970, UTC */
int64_t clock_cpu_ns(clockid_t clock); /* of a thread: how long it has run (pthread_getcpuclockid) */

#define CLOCK_RFC3339_SIZE 32
/* "2026-11-22T18:13:00.123Z" (RFC 3339, UTC, milliseconds) into `ret`. */
void clock_rfc3339(char ret[CLOCK_RFC3339_SIZE], int64_t wall_ms);

#endif
