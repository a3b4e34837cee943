#ifndef PLATEIA_SERVICES_DB_SESSION_H
#define PLATEIA_SERVICES_DB_SESSION_H

/* session.h -- the blocking session: for start-up work (migrations, housekeeping, locks), never for a
 * worker's thread. Implemented in connector.c, one of the two files that see libpq. */

#include "../../base/err.h"
#include "rows.h"

struct session;

enum err_code session_open(struct session **ret, const char *conninfo, struct err *err);
void session_close(struct session *session); /* NULL is fine */
/* Several statements at once (simple protocol), as a migration file holds them; results are dropped. */
enum err_code session_exec(struct session *session, const char *sql, struct err *err);
/* One statement with text parameters (NULL entry: SQL NULL). ret may be NULL. */
enum err_code session_query(struct session *session, const char *sql, size_t param_count,
                            const char *const *params, struct rows **ret, struct err *err);

#endif
