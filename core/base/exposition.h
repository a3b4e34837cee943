#ifndef PLATEIA_BASE_EXPOSITION_H
#define PLATEIA_BASE_EXPOSITION_H

/* exposition.h -- metrics as text: Prometheus' format 0.0.4.
 *
 * A family is begun once (HELP and TYPE), and all its samples follow it. Names are trusted; the values of
 * labels may be any bytes: what would break a line is escaped, what is not UTF-8 is replaced. */

#include "buf.h"
#include "meter.h"
#include <stddef.h>
#include <stdint.h>

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_kind { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition_label {
    const char *name, *value;
};

struct exposition_labels {
    const struct exposition_label *list;
    size_t count;
};
#define EXPOSITION_NO_LABELS ((struct exposition_labels){0})

void exposition_family(struct buf *ret, const char *name, enum exposition_kind kind, const char *help);

void exposition_integer(struct buf *ret, const char *name, struct exposition_labels labels, uint64_t value);
void exposition_real(struct buf *ret, const char *name, struct exposition_labels labels, double value);

/* NAME_bucket, NAME_sum and NAME_count. `unit` is what is divided by: 1e9 for nanoseconds told as seconds. */
void exposition_spread(struct buf *ret, const char *name, struct exposition_labels labels,
                       const struct meter_scale *scale, const struct meter_sums *sums, double unit);
/* The same of reals: `within` has one more than there are bounds. */
void exposition_histogram(struct buf *ret, const char *name, struct exposition_labels labels,
                          const double *bounds, size_t count, const double *within, double sum);

#endif
