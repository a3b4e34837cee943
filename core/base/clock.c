/* clock.c -- what time it is.
 *
 * The calendar is worked out here and not by gmtime_r, which takes a lock that all threads share; every line
 * of the access log passes this way. */

#include "clock.h"
#include <string.h>

#define MS_PER_DAY   86400000LL
#define YEAR_0_MS    (-62167219200000LL) /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_MS 253402300799999LL   /* 9999-12-31T23:59:59.999Z */

struct date {
    unsigned year, month, day;
};

int64_t clock_cpu_ns(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static _Thread_local int64_t recent_ns;

int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return recent_ns = now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_recent_ns(void) {
    return recent_ns;
}

int64_t clock_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / CLOCK_NS_PER_MS;
}

static unsigned days_before(unsigned year) /* from 0000-01-01 to the first day of `year` */
{
    if (year == 0) return 0;
    unsigned last = year - 1;
    return year * 365 + last / 4 - last / 100 + last / 400 + 1; /* + 1: the year 0 is a leap year */
}

static struct date date_of(unsigned days) /* since 0000-01-01 */
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = (unsigned)((uint64_t)days * 400 / 146097); /* the average year; at most one off */
    if (days < days_before(year)) year--;
    if (days >= days_before(year + 1)) year++;
    unsigned day = days - days_before(year), month = 0;
    unsigned leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (;; month++) {
        unsigned length = lengths[month] + (month == 1 ? leap : 0);
        if (day < length) break;
        day -= length;
    }
    return (struct date){year, month + 1, day + 1};
}

static char *put(char *at, unsigned n, int digits, char after) {
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        at[i] = (char)('0' + n % 10);
    at[digits] = after;
    return at + digits + 1;
}

void clock_rfc3339(char ret[CLOCK_RFC3339_SIZE], int64_t wall_ms) {
    if (wall_ms < YEAR_0_MS) wall_ms = YEAR_0_MS;
    if (wall_ms > YEAR_9999_MS) wall_ms = YEAR_9999_MS;
    int64_t since = wall_ms - YEAR_0_MS;
    struct date date = date_of((unsigned)(since / MS_PER_DAY));
    unsigned ms = (unsigned)(since % MS_PER_DAY);
    char *at = put(ret, date.year, 4, '-');
    at = put(at, date.month, 2, '-');
    at = put(at, date.day, 2, 'T');
    at = put(at, ms / 3600000, 2, ':');
    at = put(at, ms / 60000 % 60, 2, ':');
    at = put(at, ms / 1000 % 60, 2, '.');
    at = put(at, ms % 1000, 3, 'Z');
    *at = '\0';
}
