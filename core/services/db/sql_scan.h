#ifndef PLATEIA_SERVICES_DB_SQL_SCAN_H
#define PLATEIA_SERVICES_DB_SQL_SCAN_H

/* sql_scan.h -- where a statement ends and which parameters it uses, without understanding it: only what
 * PostgreSQL's lexer would skip (strings, quoted names, comments, dollar quotes) is recognised. */

#include <stddef.h>

struct sql_scan {
    size_t len;          /* of the statement, without what follows: blanks, comments, the semicolon */
    int params;          /* the highest $n */
    int line;            /* where the problem is, else the last one; 0-based */
    const char *problem; /* one short sentence, or NULL */
};

void sql_scan(struct sql_scan *ret, const char *sql, size_t len);

#endif
