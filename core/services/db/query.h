#ifndef PLATEIA_SERVICES_DB_QUERY_H
#define PLATEIA_SERVICES_DB_QUERY_H

/* query.h -- named statements: sql/queries/NAME.sql. Scripts name them and never pass SQL.
 *
 * A file starts with comment lines, in any order, then one statement with explicit columns:
 *   -- (any line without "word:" is free text: what the query is for)
 *   -- class: read | lease | batch
 *   -- params: user_id bigint, title text, ids bigint[]
 *   -- key: user_id
 *   -- slot: $3
 *
 * params are $1, $2, ... in this order, and may be missing. key and slot are for batches: rows are sorted by
 * the key and a batch holds each key once; the slot is the parameter that the core fills with the
 * connection's advisory-lock slot: the last one, an int, which does not stand in params. In a batch every
 * parameter of the list is declared by its element type and passed as an array of it. Types: bigint int text
 * boolean double date timestamptz uuid jsonb, each also with []. A set is constant after loading: any thread.
 */

#include "../../base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum query_class { QUERY_READ, QUERY_LEASE, QUERY_BATCH };

enum value_type {
    TYPE_OTHER,
    TYPE_BIGINT,
    TYPE_INT,
    TYPE_TEXT,
    TYPE_BOOLEAN,
    TYPE_DOUBLE,
    TYPE_DATE,
    TYPE_TIMESTAMPTZ,
    TYPE_UUID,
    TYPE_JSONB
};

struct query_param {
    char *name;
    enum value_type type;
    bool array; /* as PostgreSQL sees it: true for every parameter of a batch */
};

struct query {
    char *name, *file, *text;
    enum query_class class;
    struct query_param *params;
    size_t param_count; /* without the slot */
    int key;            /* index into params, or -1 */
    bool slot;          /* one more parameter follows: the connection's slot */
    char statement[36]; /* prepared-statement name: "q" + 32 hex digits of the file's hash */
    size_t bytes;       /* of the file */
    int line;           /* of the file, where text begins */
};

struct query_set;

#define QUERY_MAX_PARAMS 16

/* Reads every *.sql of the folder (not those that start with a dot), all as of one moment: where something
 * changed meanwhile it reads again, and may sleep some milliseconds for it. The text names file and line:
 * "sql/queries/x.sql:2: ..."; ERR_BUSY: "the files keep changing". */
enum err_code query_set_load(struct query_set **ret, const char *dir, struct err *err);
void query_set_free(struct query_set *set);
const struct query *query_set_find(const struct query_set *set, const char *name);
size_t query_set_count(const struct query_set *set);
const struct query *query_set_at(const struct query_set *set, size_t index);
const char *query_set_hash(const struct query_set *set); /* 64 hex digits over all names and files */
/* One file's text, for tests and fuzzing; frees with query_free. */
enum err_code query_parse(struct query **ret, const char *name, const char *file, const char *text,
                          size_t len, struct err *err);
void query_free(struct query *query);

#endif
