#ifndef PLATEIA_SERVICES_METRICS_CHECK_H
#define PLATEIA_SERVICES_METRICS_CHECK_H

/* metrics_check.h -- what a script may declare as a metric. Pure; private to metrics.c. */

#include "metrics.h"
#include <stdbool.h>

/* ERR_INVALID: the text says what is wrong with it, and how to mend it. */
enum err_code metrics_check(const struct metrics_form *form, struct err *err);

/* Whether two forms of one name count the same; what their help says is no matter. */
bool metrics_same(const struct metrics_form *a, const struct metrics_form *b);

#endif
