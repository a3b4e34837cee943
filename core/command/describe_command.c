/* describe_command.c -- `plateia openapi` and `plateia routes`: what the scripts make, as they are, without a
 * server or a database. */

#include "../assembly/check.h"
#include "../base/log.h"
#include "../services/settings.h"
#include "commands.h"
#include "listing.h"
#include <stdio.h>
#include <unistd.h>

static void print(const char *text) {
    puts(text);
}

static int describe(const struct command_call *call, const char *what, void (*show)(const char *text)) {
    struct settings settings;
    struct buf text = {0};
    struct err err = {0};
    char folder[COMMAND_FOLDER];
    command_scripts_folder(call, &settings, folder);
    log_open(LOG_TEXT, LOG_ERROR, STDERR_FILENO);
    enum err_code code = check_describe(&settings, what, &text, &err);
    if (code == ERR_OK)
        show(text.data);
    else
        fprintf(stderr, "%s\n", err.text);
    buf_done(&text);
    return code == ERR_OK ? EXIT_DONE : EXIT_FAILED;
}

int command_openapi(const struct command_call *call) {
    return describe(call, "openapi", print);
}

int command_routes(const struct command_call *call) {
    return describe(call, "routes", command_has(call, "--json") ? print : listing_print);
}
