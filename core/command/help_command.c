/* help_command.c -- `plateia help`, `version` and `completion`, and what is said to whoever called wrongly.
 */

#include "../base/nearest.h"
#include "commands.h"
#include "completion.h"
#include "help.h"
#include "stubs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bold headings help the eye find its place; only a terminal shows them (no-color.org). */
static bool can_be_bold(void) {
    const char *without = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(without && *without) && terminal && strcmp(terminal, "dumb") != 0;
}

static int print(struct buf *text) {
    int status = text->failed || fputs(text->data ? text->data : "", stdout) < 0 ? EXIT_FAILED : EXIT_DONE;
    buf_done(text);
    return status;
}

static int unknown_command(const char *name) {
    struct nearest nearest = nearest_to(name);
    if (*name == '-') {
        fprintf(stderr, "plateia: the command comes first: plateia COMMAND %s\n`plateia help` lists them.\n",
                name);
        return EXIT_WRONG_CALL;
    }
    for (size_t i = 0; i < command_count; i++)
        nearest_offer(&nearest, commands[i].name);
    fprintf(stderr, "plateia: there is no command \"%s\"", name);
    if (nearest.found) fprintf(stderr, ": did you mean %s?", nearest.found);
    fputs("\n`plateia help` lists them all.\n", stderr);
    return EXIT_WRONG_CALL;
}

#define MODULES "plateia."

static bool is_module(const char *name) {
    return strncmp(name, MODULES, strlen(MODULES)) == 0;
}

/* What scripts may call of a module, as their editors are told; "db" will do for "plateia.db". */
static const struct stub_file *find_module(const char *name) {
    if (is_module(name)) name += strlen(MODULES);
    for (const struct stub_file *file = stub_files; file->name; file++) {
        size_t len = strcspn(file->name, ".");
        if (len > 0 && strlen(name) == len && strncmp(name, file->name, len) == 0) return file;
    }
    return NULL;
}

static int unknown_module(const char *name) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s.lua", name + strlen(MODULES));
    struct nearest nearest = nearest_to(wanted);
    for (const struct stub_file *file = stub_files; file->name; file++)
        nearest_offer(&nearest, file->name);
    fprintf(stderr, "plateia: there is no module \"%s\"", name);
    if (nearest.found)
        fprintf(stderr, ": did you mean " MODULES "%.*s?", (int)strcspn(nearest.found, "."), nearest.found);
    fputs("\n`plateia help plateia.db` is the form; docs/reference.md lists them all.\n", stderr);
    return EXIT_WRONG_CALL;
}

int command_help(const struct command_call *call) {
    struct buf text = {0};
    const char *name = call->word_count ? call->words[0] : NULL;
    const struct command *command = name ? command_find(name) : NULL;
    const struct stub_file *module = name && !command ? find_module(name) : NULL;
    if (module) return fwrite(module->text, 1, module->len, stdout) == module->len ? EXIT_DONE : EXIT_FAILED;
    if (name && !command) return is_module(name) ? unknown_module(name) : unknown_command(name);
    if (command_has(call, "--man"))
        help_manual_page(&text);
    else if (command)
        help_command(&text, command, can_be_bold());
    else
        help_overview(&text, can_be_bold());
    return print(&text);
}

int command_version(const struct command_call *call) {
    if (command_has(call, "--json"))
        puts("{\"version\": \"" PLATEIA_VERSION "\", \"compiler\": \"" __VERSION__ "\"}");
    else
        puts("plateia " PLATEIA_VERSION);
    return EXIT_DONE;
}

int command_completion(const struct command_call *call) {
    struct buf text = {0};
    if (!completion_for(call->words[0], &text)) {
        buf_done(&text);
        return command_misused(call->command, "there is no completion for this shell: bash, zsh or fish");
    }
    return print(&text);
}

int command_misused(const struct command *command, const char *why) {
    struct buf usage = {0};
    help_usage(&usage, command);
    fprintf(stderr, "plateia %s: %s\n%s`plateia help %s` explains it.\n", command->name, why,
            usage.data ? usage.data : "", command->name);
    buf_done(&usage);
    return EXIT_WRONG_CALL;
}
