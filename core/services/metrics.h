#ifndef PLATEIA_SERVICES_METRICS_H
#define PLATEIA_SERVICES_METRICS_H

/* metrics.h -- the metrics that scripts count, one registry a process: what the core cannot know.
 *
 * A family is declared while scripts load, by each generation anew; declared once more as it was, it goes on
 * counting. What the served generation does not declare is not shown. A series of it is made when its labels
 * are first seen. All of it is bounded: the families, the labels of one and their length, the series of one
 * and of all; whatever is beyond the series is counted in one with "other" in place of every label.
 *
 * Each worker counts in slots of its own, without a lock, and whoever reads adds them up; only a new series
 * takes one. A gauge is the process's, and the last word counts. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stddef.h>

#define METRICS_FAMILIES   64
#define METRICS_SERIES     1024 /* of all families */
#define METRICS_A_FAMILY   128  /* series of one */
#define METRICS_LABELS     4
#define METRICS_BOUNDS     16
#define METRICS_MOST_NAME  80
#define METRICS_MOST_HELP  200
#define METRICS_MOST_VALUE 64 /* bytes of a label's value; the rest is cut off */

struct metrics;
struct metrics_writer; /* one worker's */

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

struct metrics_form {
    enum metrics_kind kind;
    const char *name, *help;
    const char *labels[METRICS_LABELS];
    size_t label_count;
    double bounds[METRICS_BOUNDS]; /* of a histogram: rising */
    size_t bound_count;
};

enum err_code metrics_new(struct metrics **ret, size_t writers, struct err *err);
void metrics_free(struct metrics *metrics); /* NULL is fine */
struct metrics_writer *metrics_writer(struct metrics *metrics, size_t number);

/* Any thread, while scripts of that generation load. ERR_INVALID for what is no metric, ERR_EXISTS where the
 * name stands for another, ERR_LIMIT where there are too many; the text says how to mend it. */
enum err_code metrics_declare(struct metrics *metrics, const struct metrics_form *form, unsigned generation,
                              unsigned *ret_family, struct err *err);

/* That generation is not to be served, and none of its scripts are left: what it declared it has not. A name
 * that is new with it may be given to another metric; the place is used up, unless the same comes again. */
void metrics_take_back(struct metrics *metrics, unsigned generation); /* NULL is fine */

/* What a family is; NULL: there is none of that number. Any thread. */
const struct metrics_form *metrics_form(const struct metrics *metrics, unsigned family);

/* The writer's thread. `values` are as many as the family has labels. A counter rises, a gauge changes, a
 * histogram takes the value in. */
void metrics_add(struct metrics_writer *writer, unsigned family, const char *const *values, double value);
void metrics_set(struct metrics_writer *writer, unsigned family, const char *const *values, double value);

/* Appends what that generation, or a later one, has declared, as exposition.h writes. Any thread; no lock. */
void metrics_write(const struct metrics *metrics, unsigned generation, struct buf *ret);

#endif
