#ifndef PLATEIA_ASSEMBLY_SCRATCH_H
#define PLATEIA_ASSEMBLY_SCRATCH_H

/* scratch.h -- a database to try things on: an embedded PostgreSQL of its own in a temporary folder, with our
 * schema and no rows, gone without a trace when it is closed. */

#include "../base/err.h"
#include "../services/settings.h"

struct scratch {
    char folder[256]; /* "": none was made */
    struct embedded_postgres *postgres;
};

/* Takes seconds. On failure too it is the caller's to close. */
enum err_code scratch_open(struct scratch *ret, const struct settings *settings, struct err *err);
const char *scratch_conninfo(const struct scratch *scratch);
void scratch_close(struct scratch *scratch);

#endif
