#ifndef PLATEIA_SCRIPT_ASKER_H
#define PLATEIA_SCRIPT_ASKER_H

/* asker.h -- who asks the database, in words that its own views can show (application_name).
 *
 * "plateia POST /things/{id} REQUEST-ID" for a request, "plateia observers/x.lua:3" for an observer, nothing
 * for other work. One worker's thread. */

#include "../base/ticket.h"
#include <stddef.h>

/* A share's namer (pool.h): ctx is the scheduler. Printable ASCII, cut so that a usual request's id is whole.
 */
void asker_name(void *ctx, struct ticket who, char *ret, size_t size);

#endif
