#ifndef PLATEIA_SERVICES_HOUSEKEEPING_H
#define PLATEIA_SERVICES_HOUSEKEEPING_H

/* housekeeping.h -- runs the query `maintain` under the advisory lock: at start and daily. What it does is
 * SQL's affair. */

#include "../base/err.h"

struct query_set;

/* Blocks up to the statement's own limits; ERR_NOT_FOUND when the set has no query `maintain`. */
enum err_code housekeeping_run(const char *conninfo, const struct query_set *queries, struct err *err);

#endif
