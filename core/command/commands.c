/* commands.c -- the commands that are not `serve`: each does its one thing and ends. */

#include "commands.h"
#include "../assembly/foundation.h"
#include "../base/buf.h"
#include "../base/log.h"
#include "../http/ask.h"
#include <stdio.h>

int command_failed(const char *what, const struct err *err) {
    log_event(LOG_ERROR, what, log_text("code", err_name(err->code)), log_text("reason", err->text));
    return 1;
}

int command_unanswered(const struct command_call *call, const struct err *err) {
    fprintf(stderr,
            "plateia %s: %s\nStart a server (plateia serve), or name its admin listener: --admin-listen "
            "HOST:PORT (now %s).\n",
            call->command->name, err->text, call->settings->admin_listen);
    return EXIT_FAILED;
}

void command_scripts_folder(const struct command_call *call, struct settings *ret,
                            char folder[COMMAND_FOLDER]) {
    *ret = *call->settings;
    if (call->word_count == 0) return;
    size_t len = (size_t)snprintf(folder, COMMAND_FOLDER, "%s", call->words[0]);
    if (len >= COMMAND_FOLDER) len = COMMAND_FOLDER - 1;
    while (len > 1 && folder[len - 1] == '/')
        folder[--len] = '\0';
    ret->scripts = folder;
}

/* ---- settings, migrate ---- */

int command_settings(const struct command_call *call) {
    struct buf text = {0};
    settings_print(call->settings, &text);
    if (text.data) fputs(text.data, stdout);
    buf_done(&text);
    return 0;
}

int command_migrate(const struct command_call *call) {
    struct foundation foundation;
    struct err err = {0};
    enum err_code code = foundation_database(&foundation, call->settings, true, NULL, &err);
    foundation_close(&foundation);
    return code == ERR_OK ? 0 : command_failed("the schema could not be brought up to date", &err);
}

/* ---- ready ---- */

/* Asks the admin listener; for health checks of containers and service managers. */
int command_ready(const struct command_call *call) {
    struct ask question = {.host_port = call->settings->admin_listen,
                           .token = call->settings->admin_token,
                           .method = "GET",
                           .target = "/ready"};
    struct buf body = {0};
    struct err err = {0};
    int status = 0;
    enum err_code code = ask(&question, &status, &body, &err);
    if (code == ERR_OK)
        puts(body.data ? body.data : "");
    else
        command_unanswered(call, &err);
    buf_done(&body);
    return code == ERR_OK && status == 200 ? 0 : 1;
}
