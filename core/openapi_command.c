/* openapi_command.c -- `plateia openapi`: what GET /openapi.json answers, of the scripts as they are, without
 * a server or a database. */

#include "base/log.h"
#include "check.h"
#include "commands.h"
#include "script/sources.h"
#include "services/settings.h"
#include <stdio.h>
#include <unistd.h>

static enum err_code describe(const struct settings *settings, struct buf *ret, struct err *err) {
    struct sources *sources = NULL;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/queries", settings->sql);
    enum err_code code = sources_read(&sources, settings->scripts, folder, NULL, err);
    if (code == ERR_OK) code = check_load(settings, sources, ret, err);
    sources_drop(sources);
    return code;
}

int command_openapi(const struct command_call *call) {
    struct buf description = {0};
    struct err err = {0};
    log_open(LOG_TEXT, LOG_ERROR, STDERR_FILENO);
    enum err_code code = describe(call->settings, &description, &err);
    if (code == ERR_OK)
        puts(description.data);
    else
        fprintf(stderr, "%s\n", err.text);
    buf_done(&description);
    return code == ERR_OK ? 0 : 1;
}
