#ifndef PLATEIA_SERVICES_DB_PREPARE_H
#define PLATEIA_SERVICES_DB_PREPARE_H

/* prepare.h -- would every query of a set work? PostgreSQL is asked to prepare each, on a connection of its
 * own that ends with the asking. Nothing is run, so nothing is changed. Blocks: for start-up and for the
 * checks before a reload. */

#include "../../base/err.h"
#include "query.h"

/* ERR_INVALID: one would not; the text is "sql/queries/x.sql:7: what PostgreSQL says", the line being that
 * which PostgreSQL points at, or the statement's first. Any other code: nobody knows, as the database could
 * not be asked; the text says why.
 *
 * Queries that stand in `known` (may be NULL) too, with the same text, are not asked about; where none is
 * left, no connection is made. */
enum err_code queries_prepare(const char *conninfo, const struct query_set *set,
                              const struct query_set *known, struct err *err);

#endif
