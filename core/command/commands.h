#ifndef PLATEIA_COMMAND_COMMANDS_H
#define PLATEIA_COMMAND_COMMANDS_H

/* commands.h -- the commands of `plateia`: one table (command_table.c), from which main finds them, and help,
 * completions and the manual page are made; and one function each, whose result is the exit code. */

#include <stdbool.h>
#include <stddef.h>

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,    /* it could not be done; standard error says why */
    EXIT_WRONG_CALL = 2 /* no such command, flag or value; nothing was begun */
};

struct settings;
struct command_call;

struct command {
    const char *name, *words; /* "import", "ADAPTER [FILE]" */
    int least, most;          /* how many words */
    int (*run)(const struct command_call *call);
    bool bare;           /* looks at no settings, and takes none */
    const char *group;   /* the heading it stands under */
    const char *summary; /* one line */
    const char *about;   /* what it does, to whom, with what; an empty line parts paragraphs */
    const char *options; /* its own flags, a line each: "--json|what it does", "--filter TEXT|what it does" */
    const char *settings; /* those that matter to it; NULL: all */
    const char *examples; /* a line each: "plateia check|what it does" */
    const char *failed;   /* when it ends with 1 */
    const char
        *offers;     /* what completes its words: "<file>", "<folder>", "<adapter>", "<command>", or words */
    const char *see; /* other commands */
};

extern const struct command commands[];
extern const size_t command_count;

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

struct command_call {
    const struct command *command;
    const char *const *words; /* without the command's name */
    int word_count;
    const char *const *options; /* those of the command's own flags that were given: "--json",
                                 * "--filter=TEXT", or "--filter" with "TEXT" behind it */
    int option_count;
    const struct settings *settings; /* NULL for a bare one */
};

/* Whether that flag of its own was given. */
bool command_has(const struct command_call *call, const char *option);
/* What was given to it, the last time; NULL: it was not given. */
const char *command_value(const struct command_call *call, const char *option);

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
int command_routes(const struct command_call *call);
int command_stubs(const struct command_call *call);
int command_completion(const struct command_call *call);
int command_help(const struct command_call *call);
int command_version(const struct command_call *call);

/* The settings of the call, with DIR, where its first word gives one, for the scripts' folder. */
#define COMMAND_FOLDER 1024
void command_scripts_folder(const struct command_call *call, struct settings *ret,
                            char folder[COMMAND_FOLDER]);

/* Logs a failure the way every command does, and returns EXIT_FAILED. */
struct err;
int command_failed(const char *what, const struct err *err);

/* Says that no server answered, and how one is named; returns EXIT_FAILED. */
int command_unanswered(const struct command_call *call, const struct err *err);

/* Says why the call is wrong, and how it is called; returns EXIT_WRONG_CALL. */
int command_misused(const struct command *command, const char *why);

#endif
