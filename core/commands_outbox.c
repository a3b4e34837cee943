/* commands_outbox.c -- `plateia outbox`: an operator's look at what waits to be sent. All it knows is two
 * named queries; what they return is shown as it comes. It works beside a running server and without one. */

#include "base/buf.h"
#include "base/log.h"
#include "commands.h"
#include "foundation.h"
#include "services/db/query.h"
#include "services/db/session.h"
#include "table.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_MOST "1000"

static const char *cell(const void *ctx, size_t row, size_t column) {
    return row ? rows_value(ctx, row - 1, column, NULL) : rows_name(ctx, column);
}

static void print_rows(const struct rows *rows) {
    table_print(
        &(struct table){.columns = rows_columns(rows), .rows = rows_count(rows), .cell = cell, .ctx = rows});
}

/* ---- the two ---- */

static enum err_code run_named(struct session *session, const struct query_set *queries, const char *name,
                               const char *param, struct rows **ret, struct err *err) {
    const struct query *query = query_set_find(queries, name);
    if (!query)
        return err_set(err, ERR_NOT_FOUND, "there is no query \"%s\": restore sql/queries/%s.sql", name,
                       name);
    if (query->param_count != 1) return err_set(err, ERR_INVALID, "%s: one parameter expected", query->file);
    return session_query(session, query->text, 1, &param, ret, err);
}

static int list(struct session *session, const struct query_set *queries, struct err *err) {
    struct rows *rows = NULL;
    if (run_named(session, queries, "outbox_list", LIST_MOST, &rows, err) != ERR_OK) return 1;
    if (rows_count(rows) > 0)
        print_rows(rows);
    else
        puts("the outbox is empty");
    rows_free(rows);
    return 0;
}

/* key: NULL for all that were given up */
static int retry(struct session *session, const struct query_set *queries, const char *key, struct err *err) {
    struct rows *rows = NULL;
    if (run_named(session, queries, "outbox_put_back", key, &rows, err) != ERR_OK) return 1;
    size_t count = rows_count(rows);
    rows_free(rows);
    if (count == 0 && key) {
        err_set(err, ERR_NOT_FOUND,
                "no row has the key %s, or it is being sent right now: plateia outbox list shows them", key);
        return 1;
    }
    printf("%zu %s due now\n", count, count == 1 ? "row is" : "rows are");
    return 0;
}

int command_outbox(const struct command_call *call) {
    struct foundation foundation;
    struct query_set *queries = NULL;
    struct session *session = NULL;
    struct err err = {0};
    char folder[1024];
    int status = 1;
    bool retries = strcmp(call->words[0], "retry") == 0, all = command_has(call, "--all");
    if (!retries && strcmp(call->words[0], "list") != 0)
        return command_misused(call->command, "say list or retry");
    if (call->word_count + all != (retries ? 2 : 1))
        return command_misused(call->command, retries ? "retry which? Give a KEY of the list, or --all"
                                                      : "list stands alone");
    log_open(LOG_TEXT, LOG_WARN, STDERR_FILENO); /* standard output is for the table */
    snprintf(folder, sizeof folder, "%s/queries", call->settings->sql);
    enum err_code code = foundation_database(&foundation, call->settings, true, NULL, &err);
    if (code == ERR_OK) code = query_set_load(&queries, folder, &err);
    if (code == ERR_OK) code = session_open(&session, foundation.conninfo, &err);
    if (code == ERR_OK)
        status = retries ? retry(session, queries, all ? NULL : call->words[1], &err)
                         : list(session, queries, &err);
    session_close(session);
    query_set_free(queries);
    foundation_close(&foundation);
    return status == 0 ? 0 : command_failed("the outbox could not be asked", &err);
}
