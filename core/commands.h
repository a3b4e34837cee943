#ifndef PLATEIA_COMMANDS_H
#define PLATEIA_COMMANDS_H

/* commands.h -- the commands of `plateia`, one function each: settings are read, logging is open; the result
 * is the exit code (0 done, 1 failed, 2 called wrongly). */

struct settings;

struct command_call {
    const char *const *words; /* what stood before the first flag, without the command's name */
    int word_count;
    const struct settings *settings;
};

int command_serve(const struct command_call *call);
int command_ready(const struct command_call *call);
int command_migrate(const struct command_call *call);
int command_import(const struct command_call *call);
int command_outbox(const struct command_call *call);
int command_check(const struct command_call *call);
int command_test(const struct command_call *call);
int command_openapi(const struct command_call *call);
int command_reload(const struct command_call *call);
int command_rollback(const struct command_call *call);
int command_scripts(const struct command_call *call);
int command_settings(const struct command_call *call);

/* Logs a failure the way every command does, and returns 1. */
struct err;
int command_failed(const char *what, const struct err *err);

#endif
