#ifndef PLATEIA_SERVICES_DB_SESSION_H
#define PLATEIA_SERVICES_DB_SESSION_H

/* session.h -- the blocking session: for start-up work (migrations, housekeeping, locks) and for checks,
 * never for a worker's thread. Implemented in connector.c, one of the two files that see libpq. */

#include "../../base/err.h"
#include "rows.h"

struct session;

/* ERR_INVALID: this is no database's address, and no patience will help. Nothing is asked. */
enum err_code session_check_address(const char *conninfo, struct err *err);

enum err_code session_open(struct session **ret, const char *conninfo, struct err *err);
void session_close(struct session *session); /* NULL is fine */
/* Several statements at once (simple protocol), as a migration file holds them; results are dropped. */
enum err_code session_exec(struct session *session, const char *sql, struct err *err);
/* The same; where it fails, *ret_at is the character that PostgreSQL points at, from 1; 0: none. */
enum err_code session_exec_at(struct session *session, const char *sql, size_t *ret_at, struct err *err);
/* One statement with text parameters (NULL entry: SQL NULL). ret may be NULL. */
enum err_code session_query(struct session *session, const char *sql, size_t param_count,
                            const char *const *params, struct rows **ret, struct err *err);
/* Prepares a query as a worker's connection would, and keeps nothing of it. *ret gets no rows but their
 * columns. When it is refused, *ret_at is the character of its text that PostgreSQL points at, from 1; 0:
 * none. */
enum err_code session_prepare(struct session *session, const struct query *query, struct rows **ret,
                              size_t *ret_at, struct err *err);

#endif
