/* outbox.c -- runs the two. */

#include "outbox.h"
#include "../base/buf.h"
#include "../services/db/query.h"
#include "../services/db/session.h"
#include <stdio.h>
#include <string.h>

/* Whoever asks for it waits: for the database to answer, but not for ever. */
static const char patience[] = "SET statement_timeout = '5s'; SET lock_timeout = '2s'";

#define NOT_OF_THIS_TYPE "22P02" /* SQLSTATE: the text cannot be what the parameter is */

static enum err_code run(const char *conninfo, const struct query_set *queries, const char *name,
                         const char *param, struct rows **ret, struct err *err) {
    struct session *session = NULL;
    const struct query *query = query_set_find(queries, name);
    if (!query)
        return err_set(err, ERR_NOT_FOUND, "there is no query \"%s\": restore sql/queries/%s.sql", name,
                       name);
    if (query->param_count != 1) return err_set(err, ERR_INVALID, "%s: one parameter expected", query->file);
    enum err_code code = session_open(&session, conninfo, err);
    if (code == ERR_OK) code = session_exec(session, patience, err);
    if (code == ERR_OK) code = session_query(session, query->text, 1, &param, ret, err);
    session_close(session);
    return code;
}

enum err_code outbox_list(const char *conninfo, const struct query_set *queries, size_t most,
                          struct rows **ret, struct err *err) {
    char limit[24];
    snprintf(limit, sizeof limit, "%zu", most);
    return run(conninfo, queries, "outbox_list", limit, ret, err);
}

enum err_code outbox_put_back(const char *conninfo, const struct query_set *queries, const char *key,
                              size_t *ret_count, struct err *err) {
    struct rows *rows = NULL;
    enum err_code code = run(conninfo, queries, "outbox_put_back", key, &rows, err);
    if (code == ERR_DATABASE && err && strcmp(err->state, NOT_OF_THIS_TYPE) == 0)
        return err_set(err, ERR_INVALID, "%s is no key: plateia outbox list shows those that there are", key);
    if (code != ERR_OK) return code;
    *ret_count = rows_count(rows);
    rows_free(rows);
    if (*ret_count > 0 || !key) return ERR_OK;
    return err_set(err, ERR_NOT_FOUND,
                   "no row has the key %s, or it is being sent right now: plateia outbox list shows them",
                   key);
}

static void say_value(const struct rows *rows, size_t row, size_t column, struct buf *ret) {
    size_t len = 0;
    const char *value = rows_value(rows, row, column, &len);
    enum value_type type = rows_type(rows, column);
    if (!value)
        buf_add_str(ret, "null");
    else if (type == TYPE_INT || type == TYPE_BIGINT)
        buf_add(ret, value, len);
    else
        buf_add_json(ret, value, len);
}

void outbox_say(const struct rows *rows, struct buf *ret) {
    buf_add_char(ret, '[');
    for (size_t row = 0; row < rows_count(rows); row++) {
        for (size_t column = 0; column < rows_columns(rows); column++) {
            const char *name = rows_name(rows, column);
            buf_add_str(ret, column ? "," : row ? ",{" : "{");
            buf_add_json(ret, name, strlen(name));
            buf_add_char(ret, ':');
            say_value(rows, row, column, ret);
        }
        buf_add_char(ret, '}');
    }
    buf_add_char(ret, ']');
}
