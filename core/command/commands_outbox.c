/* commands_outbox.c -- `plateia outbox`: an operator's look at what waits to be sent. What the
 * queries return is shown as it comes. It works beside a running server and without one. */

#include "../assembly/foundation.h"
#include "../assembly/outbox.h"
#include "../base/buf.h"
#include "../base/log.h"
#include "../services/db/query.h"
#include "../services/db/rows.h"
#include "commands.h"
#include "table.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_MOST 1000

static const char *cell(const void *ctx, size_t row, size_t column) {
    return row ? rows_value(ctx, row - 1, column, NULL) : rows_name(ctx, column);
}

static void print_rows(const struct rows *rows) {
    table_print(
        &(struct table){.columns = rows_columns(rows), .rows = rows_count(rows), .cell = cell, .ctx = rows});
}

/* ---- the two ---- */

static enum err_code list(const char *conninfo, const struct query_set *queries, struct err *err) {
    struct rows *rows = NULL;
    enum err_code code = outbox_list(conninfo, queries, LIST_MOST, &rows, err);
    if (code != ERR_OK) return code;
    if (rows_count(rows) > 0)
        print_rows(rows);
    else
        puts("the outbox is empty");
    rows_free(rows);
    return ERR_OK;
}

/* key: NULL for all that were given up */
static enum err_code retry(const char *conninfo, const struct query_set *queries, const char *key,
                           struct err *err) {
    size_t count = 0;
    enum err_code code = outbox_put_back(conninfo, queries, key, &count, err);
    if (code == ERR_OK) printf("%zu %s due now\n", count, count == 1 ? "row is" : "rows are");
    return code;
}

int command_outbox(const struct command_call *call) {
    struct foundation foundation;
    struct query_set *queries = NULL;
    struct err err = {0};
    char folder[1024];
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
    if (code == ERR_OK)
        code = retries ? retry(foundation.conninfo, queries, all ? NULL : call->words[1], &err)
                       : list(foundation.conninfo, queries, &err);
    query_set_free(queries);
    foundation_close(&foundation);
    return code == ERR_OK ? 0 : command_failed("the outbox could not be asked", &err);
}
