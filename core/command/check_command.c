/* check_command.c -- `plateia check [DIR]`: all that a reload would refuse, told without a server. The
 * database of an operator is asked what it thinks of the queries, and never written to. */

#include "../assembly/check.h"
#include "../assembly/scratch.h"
#include "../base/log.h"
#include "../script/sources.h"
#include "../services/db/prepare.h"
#include "../services/db/query.h"
#include "../services/embedded_postgres.h"
#include "../services/snapshot.h"
#include "commands.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNINFO_SIZE 2048

/* DATABASE_URL; else that of a server which runs on the data folder; else one made for this. */
static enum err_code prepare(const struct settings *settings, const struct query_set *queries,
                             struct err *err) {
    struct scratch scratch = {0};
    char conninfo[CONNINFO_SIZE];
    enum err_code code = ERR_OK;
    if (*settings->database_url) return queries_prepare(settings->database_url, queries, NULL, err);
    if (embedded_postgres_running(settings->data, conninfo, sizeof conninfo, NULL) == ERR_OK)
        return queries_prepare(conninfo, queries, NULL, err);
    code = scratch_open(&scratch, settings, err);
    if (code == ERR_OK) code = queries_prepare(scratch_conninfo(&scratch), queries, NULL, err);
    scratch_close(&scratch);
    return code;
}

/* What Ctrl-C would end waits until the temporary database is gone. */
static enum err_code prepare_whole(const struct settings *settings, const struct query_set *queries,
                                   struct err *err) {
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, &before);
    enum err_code code = prepare(settings, queries, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* The length of "scripts/x.lua" in "scripts/x.lua: the reason", which has no line; else 0. */
static int file_without_line(const char *text) {
    const char *colon = strstr(text, ": ");
    if (!colon || colon - text < 5) return 0;
    return strncmp(colon - 4, ".lua", 4) == 0 || strncmp(colon - 4, ".sql", 4) == 0 ? (int)(colon - text) : 0;
}

static void refuse(const struct err *err) {
    int file = file_without_line(err->text);
    if (file > 0)
        fprintf(stderr, "%.*s:1%s\n", file, err->text, err->text + file);
    else
        fprintf(stderr, "%s\n", err->text);
}

static void cannot_tell(const struct err *err) {
    fprintf(stderr,
            "plateia check: the scripts load, but the queries could not be checked: %s\n"
            "Give a database that answers (DATABASE_URL), or none at all, to have one made for this.\n",
            err->text);
}

/* *asking: that is what failed, and not the scripts or a query. */
static enum err_code look(const struct settings *settings, struct sources *sources, bool *asking,
                          struct err *err) {
    enum err_code code = check_load(settings, sources, err);
    if (code != ERR_OK) return code;
    code = prepare_whole(settings, sources->queries, err);
    *asking = code != ERR_OK && code != ERR_INVALID;
    return code;
}

static int check(const struct settings *settings) {
    struct sources *sources = NULL;
    struct err err = {0};
    char folder[1024];
    bool asking = false;
    snprintf(folder, sizeof folder, "%s/queries", settings->sql);
    enum err_code code = sources_read(&sources, settings->scripts, folder, NULL, &err);
    if (code == ERR_OK) code = look(settings, sources, &asking, &err);
    if (code == ERR_OK)
        printf("%s: fine, %zu files, %zu queries\n", settings->scripts, snapshot_count(sources->snapshot),
               query_set_count(sources->queries));
    else if (asking)
        cannot_tell(&err);
    else
        refuse(&err);
    sources_drop(sources);
    return code == ERR_OK ? 0 : 1;
}

int command_check(const struct command_call *call) {
    struct settings settings;
    char folder[COMMAND_FOLDER];
    command_scripts_folder(call, &settings, folder);
    log_open(LOG_TEXT, LOG_ERROR, STDERR_FILENO); /* what scripts say while they load is not asked for */
    return check(&settings);
}
