/* main.c -- what was called: a command, its words, its settings. */

#include "base/log.h"
#include "command/command_line.h"
#include "command/commands.h"
#include "services/crypto.h"
#include "services/settings.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A server's log is what it prints; a command's answer is, and its log goes beside that. */
static void open_log(const struct settings *settings, int fd) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    enum log_level least = LOG_INFO;
    bool text = strcmp(settings->log_format, "text") == 0 ||
                (strcmp(settings->log_format, "auto") == 0 && isatty(fd));
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(settings->log_level, levels[i]) == 0) least = (enum log_level)i;
    log_open(text ? LOG_TEXT : LOG_JSON, least, fd);
}

/* Settings are read, logging is open, then it runs. */
static int run_with_settings(struct command_call *call, const struct command_line *line) {
    struct settings *settings = NULL;
    struct buf problems = {0}, warnings = {0};
    struct err err = {0};
    int status = EXIT_WRONG_CALL;
    if (settings_load(&settings, line->flag_count, line->flags, (const char *const *)environ, &problems,
                      &warnings, &err) != ERR_OK) {
        fprintf(stderr, "%s`plateia help %s` explains its flags, `plateia help settings` every setting.\n",
                problems.data ? problems.data : "There is no memory for the settings.\n",
                call->command->name);
        goto out;
    }
    open_log(settings, call->command->run == command_serve ? STDOUT_FILENO : STDERR_FILENO);
    if (warnings.data) fputs(warnings.data, stderr);
    call->settings = settings;
    status = crypto_open(&err) == ERR_OK ? call->command->run(call) : command_failed("no cryptography", &err);
out:
    settings_free(settings);
    buf_done(&problems), buf_done(&warnings);
    return status;
}

static int run(const struct command *command, const struct command_line *line) {
    struct command_call call = {.command = command,
                                .words = line->words,
                                .word_count = line->word_count,
                                .options = line->options,
                                .option_count = line->option_count};
    if (line->word_count < command->least) return command_misused(command, "a word is missing");
    if (line->word_count > command->most) return command_misused(command, "there are too many words");
    return command->bare ? command->run(&call) : run_with_settings(&call, line);
}

/* `plateia COMMAND --help` is `plateia help COMMAND`. */
static int run_or_explain(const struct command *command, int argc, const char *const *argv) {
    struct command_line line;
    struct err err = {0};
    int status;
    if (command_line_read(&line, command, argc, argv, &err) != ERR_OK)
        status = command_misused(command, err.text);
    else if (line.help)
        status = command_help(&(struct command_call){
            .command = command_find("help"), .words = &command->name, .word_count = 1});
    else if (line.version)
        status = command_version(&(struct command_call){.command = command_find("version")});
    else
        status = run(command, &line);
    command_line_done(&line);
    return status;
}

/* What GNU's programs take in place of a command. */
static const char *command_meant(const char *name) {
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return "version";
    return name;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* nothing was asked for: it is no answer */
        command_help(&(struct command_call){.command = command_find("help")});
        return EXIT_WRONG_CALL;
    }
    const struct command *command = command_find(command_meant(argv[1]));
    if (command) return run_or_explain(command, argc - 2, (const char *const *)argv + 2);
    /* says that there is none, and which is near */
    const char *name = argv[1];
    return command_help(&(struct command_call){.words = &name, .word_count = 1});
}
