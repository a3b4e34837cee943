/* main.c -- what was called: a command, its words, its settings. */

#include "base/log.h"
#include "commands.h"
#include "services/crypto.h"
#include "services/settings.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MOST 1000

static const struct command {
    const char *name, *words, *help;
    int least, most; /* how many words */
    int (*run)(const struct command_call *call);
} commands[] = {
    {"serve", "", "run the server (embedded PostgreSQL unless DATABASE_URL is set)", 0, 0, command_serve},
    {"ready", "", "ask a running server whether it is ready: exit 0 or 1", 0, 0, command_ready},
    {"migrate", "", "bring the database's schema up to date and end", 0, 0, command_migrate},
    {"import", "ADAPTER [FILE]",
     "import through an adapter, from FILE (- is standard input) or what it brings itself", 1, 2,
     command_import},
    {"outbox", "list|retry [KEY|--all]",
     "list what waits to be sent or was given up, or have one (or all given up) sent again", 1, 2,
     command_outbox},
    {"check", "[DIR]",
     "check the scripts and queries without serving them: exit 0, or 1 and file:line: reason", 0, 1,
     command_check},
    {"test", "[DIR|FILE]...",
     "run the specs (*_spec.lua) on the real scripts and a database; --filter PATTERN, --list, "
     "--output=dots|names|tap",
     0, WORDS_MOST, command_test},
    {"openapi", "", "print the description of the API (OpenAPI 3.1) that the scripts make, without serving",
     0, 0, command_openapi},
    {"reload", "[--dry-run]", "have a running server serve the scripts as they are now, or only check them",
     0, 1, command_reload},
    {"rollback", "[N]", "have it serve generation N again, or the one before", 0, 1, command_rollback},
    {"scripts", "", "show what it serves: generation, files, what was refused", 0, 0, command_scripts},
    {"settings", "", "show every setting, its value, and where it comes from", 0, 0, command_settings},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(void) {
    struct buf settings = {0};
    printf("Usage: plateia COMMAND [WORDS] [--SETTING VALUE]...\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-9s%-24s%s\n", commands[i].name, commands[i].words, commands[i].help);
    printf("  %-9s%-24s%s\n  %-9s%-24s%s\n", "version", "", "print the version", "help", "", "print this");
    settings_help(&settings);
    printf("\nSettings (flag; or environment PLATEIA_NAME; or a line in the file of --config):\n%s",
           settings.data ? settings.data : "");
    printf("\nExamples:\n  plateia serve\n  plateia serve --listen 127.0.0.1:8081 --data /var/lib/plateia\n"
           "  DATABASE_URL=postgresql://... PLATEIA_JWT_SECRET_FILE=/run/secrets/jwt plateia serve\n");
    buf_done(&settings);
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static void open_log(const struct settings *settings) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    enum log_level least = LOG_INFO;
    bool text = strcmp(settings->log_format, "text") == 0 ||
                (strcmp(settings->log_format, "auto") == 0 && isatty(STDOUT_FILENO));
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(settings->log_level, levels[i]) == 0) least = (enum log_level)i;
    log_open(text ? LOG_TEXT : LOG_JSON, least, STDOUT_FILENO);
}

/* What stands before the settings. Those with dashes mean the same wherever they mean something: words too.
 */
static bool is_word(const char *arg) {
    static const char *const words[] = {"--all", "--dry-run", "--list", "--filter", "--output"};
    bool word = arg[0] != '-' || arg[1] == '\0';
    for (size_t i = 0; !word && i < sizeof words / sizeof *words; i++)
        word = strncmp(arg, words[i], strcspn(arg, "=")) == 0 && strlen(words[i]) == strcspn(arg, "=");
    return word;
}

static int run(const struct command *command, int argc, const char *const *argv) {
    struct settings *settings = NULL;
    struct buf problems = {0}, warnings = {0};
    struct err err = {0};
    int words = 0, status = 2;
    while (words < argc && is_word(argv[words]))
        words++;
    if (words < command->least || words > command->most) {
        fprintf(stderr, "Usage: plateia %s %s [--SETTING VALUE]...\n", command->name, command->words);
        return 2;
    }
    if (settings_load(&settings, argc - words, argv + words, (const char *const *)environ, &problems,
                      &warnings, &err) != ERR_OK) {
        fprintf(stderr, "%s\nplateia help lists all settings.\n", problems.data ? problems.data : err.text);
        goto out;
    }
    open_log(settings);
    if (warnings.data) fputs(warnings.data, stderr);
    if (crypto_open(&err) != ERR_OK)
        status = command_failed("no cryptography", &err);
    else
        status = command->run(&(struct command_call){argv, words, settings});
out:
    settings_free(settings);
    buf_done(&problems), buf_done(&warnings);
    return status;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help();
        return argc > 1 ? 0 : 2;
    }
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        puts("plateia " PLATEIA_VERSION);
        return 0;
    }
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help();
            return 0;
        }
    const struct command *command = find_command(name);
    if (command) return run(command, argc - 2, (const char *const *)argv + 2);
    fprintf(stderr, "plateia: there is no command \"%s\"; plateia help lists them\n", name);
    return 2;
}
