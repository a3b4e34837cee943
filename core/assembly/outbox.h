#ifndef PLATEIA_ASSEMBLY_OUTBOX_H
#define PLATEIA_ASSEMBLY_OUTBOX_H

/* outbox.h -- what waits to be sent, as operators see it and change it: two named queries of the folder, on a
 * connection of their own. Nothing is known here of what they return. Blocks, some seconds at most. */

#include "../base/err.h"
#include <stddef.h>

struct buf;
struct query_set;
struct rows;

/* At most `most` rows; the caller frees them. */
enum err_code outbox_list(const char *conninfo, const struct query_set *queries, size_t most,
                          struct rows **ret, struct err *err);
/* Has the row of that key sent again, or (NULL) all that were given up; *ret_count says how many. One that
 * does not exist, or is being sent at this moment, is ERR_NOT_FOUND. */
enum err_code outbox_put_back(const char *conninfo, const struct query_set *queries, const char *key,
                              size_t *ret_count, struct err *err);

/* Appends rows as a JSON array of objects: column -> text, number or null. */
void outbox_say(const struct rows *rows, struct buf *ret);

#endif
