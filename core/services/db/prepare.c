/* prepare.c -- one query after the other, until the first that is wrong.
 *
 * PostgreSQL counts characters of the statement, an editor counts lines of the file: so positions are
 * translated. A refusal may also be no fault of the query (the server is going down, a lock is held for too
 * long); those have SQLSTATE classes of their own, and are told as "could not be asked". */

#include "prepare.h"
#include "../../base/text.h"
#include "session.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A query that somebody's ALTER TABLE holds up does not hold up a reload for longer. */
static const char patience[] = "SET statement_timeout = '5s'";

static bool is_known(const struct query_set *known, const struct query *query) {
    for (size_t i = 0; known && i < query_set_count(known); i++)
        if (strcmp(query_set_at(known, i)->statement, query->statement) == 0) return true;
    return false;
}

static int line_at(const struct query *query, size_t character) {
    return query->line + text_line_of(query->text, character) - 1;
}

/* Connection, resources, transaction, operator, system and internal errors: not the query's doing. */
static bool is_no_fault(const char *state) {
    static const char *const classes[] = {"08", "25", "40", "53", "55", "57", "58", "XX"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(state, classes[i], 2) == 0) return true;
    return !*state;
}

/* A table that is not there is most often one whose migration was saved and not run. */
static const char *advice(const char *state) {
    return strcmp(state, "42P01") == 0 ? "; if a migration makes it: plateia migrate" : "";
}

static enum err_code refuse(const struct query *query, size_t at, const struct err *why, struct err *err) {
    struct err told = *why;
    if (why->code == ERR_DATABASE && !is_no_fault(why->state)) {
        err_set(&told, ERR_INVALID, "%.200s:%d: %.240s%s", query->file, line_at(query, at), why->text,
                advice(why->state));
        memcpy(told.state, why->state, sizeof told.state);
    } else if (why->code == ERR_DATABASE) {
        err_set(&told, ERR_BUSY, "the database could not be asked: %.400s", why->text);
    }
    if (err) *err = told;
    return told.code;
}

/* The batcher deals the rows out by it. */
static enum err_code check_columns(const struct query *query, const struct rows *rows, struct err *err) {
    for (size_t i = 0; i < rows_columns(rows); i++)
        if (strcmp(rows_name(rows, i), "n") == 0) {
            enum value_type type = rows_type(rows, i);
            if (type == TYPE_BIGINT || type == TYPE_INT) return ERR_OK;
            return err_set(err, ERR_INVALID, "%s:%d: a batch's column n is a bigint or an int", query->file,
                           query->line);
        }
    return err_set(err, ERR_INVALID,
                   "%s:%d: a batch returns one row for each call, numbered from 1 in a column n", query->file,
                   query->line);
}

static enum err_code check(struct session *session, const struct query *query, struct err *err) {
    struct rows *rows = NULL;
    struct err why = {0};
    size_t at = 0;
    if (session_prepare(session, query, &rows, &at, &why) != ERR_OK) return refuse(query, at, &why, err);
    enum err_code code = query->class == QUERY_BATCH ? check_columns(query, rows, err) : ERR_OK;
    rows_free(rows);
    return code;
}

enum err_code queries_prepare(const char *conninfo, const struct query_set *set,
                              const struct query_set *known, struct err *err) {
    struct session *session = NULL;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < query_set_count(set) && code == ERR_OK; i++) {
        const struct query *query = query_set_at(set, i);
        if (is_known(known, query)) continue;
        if (!session) {
            code = session_open(&session, conninfo, err);
            if (code == ERR_OK) code = session_exec(session, patience, err);
        }
        if (code == ERR_OK) code = check(session, query, err);
    }
    session_close(session);
    return code;
}
