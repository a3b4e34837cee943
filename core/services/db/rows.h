#ifndef PLATEIA_SERVICES_DB_ROWS_H
#define PLATEIA_SERVICES_DB_ROWS_H

/* rows.h -- what a statement returned, without the library's name on it. Implemented in conn.c.
 *
 * Whoever receives rows owns them. Values are text as PostgreSQL writes it (ISO dates, UTC), valid until
 * rows_free. */

#include "query.h"
#include <stddef.h>

struct rows;

void rows_free(struct rows *rows); /* NULL is fine */
size_t rows_count(const struct rows *rows);
size_t rows_columns(const struct rows *rows);
const char *rows_name(const struct rows *rows, size_t column);
enum value_type rows_type(const struct rows *rows, size_t column); /* TYPE_OTHER: hand on as text */
/* NULL for SQL NULL. */
const char *rows_value(const struct rows *rows, size_t row, size_t column, size_t *ret_len);
/* Bytes that all of it takes. */
size_t rows_memory(const struct rows *rows);
/* How many rows an INSERT, UPDATE or DELETE without RETURNING touched. */
long rows_affected(const struct rows *rows);

#endif
