/* help.c -- `plateia help` and `plateia help COMMAND`, from the table of commands. */

#include "help.h"
#include "lines.h"
#include "services/settings.h"
#include <string.h>

#define WIDTH    96
#define COMMANDS 32 /* where what is said of a command begins */
#define FLAGS    27 /* and of a flag, as settings_help has it */

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* ---- prose ---- */

/* Words of the text behind `indent` spaces, in lines of at most WIDTH; an empty line stays one. */
static void add_prose(struct buf *ret, const char *text, size_t len, size_t indent) {
    size_t column = 0;
    for (const char *end = text + len; text < end;) {
        size_t word = 0;
        while (text + word < end && !strchr(" \n", text[word]))
            word++;
        if (column > 0 && column + 1 + word > WIDTH) buf_add_char(ret, '\n'), column = 0;
        if (word) {
            buf_addf(ret, "%*s%.*s", column ? 1 : (int)indent, "", (int)word, text);
            column += word + (column ? 1 : indent);
        } else if (*text == '\n') {
            buf_add_str(ret, column ? "\n\n" : "\n");
            column = 0;
        }
        text += word;
        if (text < end && *text == ' ') text++;
        if (text < end && *text == '\n') text++;
    }
    buf_add_char(ret, '\n');
}

static void add_heading(struct buf *ret, const char *text, bool bold) {
    buf_addf(ret, "\n%s%s%s:\n", bold ? BOLD : "", text, bold ? PLAIN : "");
}

/* "  head      what is said of it", which begins in that column */
static void add_row(struct buf *ret, int column, const char *head, const char *rest) {
    buf_addf(ret, "  %-*s %s\n", column - 3, head, rest);
}

/* ---- all ---- */

static void add_commands(struct buf *ret, bool bold) {
    const char *group = "";
    struct buf head = {0};
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        if (strcmp(group, command->group) != 0) add_heading(ret, command->group, bold);
        group = command->group;
        buf_clear(&head);
        buf_addf(&head, "%s %s", command->name, command->words);
        if (head.data) add_row(ret, COMMANDS, head.data, command->summary);
    }
    if (head.failed) ret->failed = true;
    buf_done(&head);
}

void help_overview(struct buf *ret, bool bold) {
    buf_add_str(ret, "Usage: plateia COMMAND [WORDS] [--FLAG VALUE]...\n");
    add_commands(ret, bold);
    add_heading(ret, "Begin with", bold);
    add_row(ret, COMMANDS, "plateia serve", "http://localhost:8080, data in ./data");
    add_row(ret, COMMANDS, "plateia COMMAND --help", "what it does, its flags, two examples");
    add_row(ret, COMMANDS, "plateia help settings", "every flag, and how else it can be set");
    add_heading(ret, "Exit codes", bold);
    buf_add_str(ret, "  0 done, 1 it could not be done, 2 it was called wrongly and nothing was begun\n");
}

/* ---- one ---- */

static void add_option_rows(struct buf *ret, const char *options) {
    struct lines lines = lines_of(options);
    while (lines_next(&lines))
        buf_addf(ret, "  %-*.*s %.*s\n", FLAGS - 3, (int)lines.head_len, lines.head, (int)lines.rest_len,
                 lines.rest);
}

static void add_flags(struct buf *ret, const struct command *command, bool bold) {
    if (command->options || !command->bare) add_heading(ret, "Flags", bold);
    add_option_rows(ret, command->options);
    if (command->bare) return;
    settings_help(command->settings, ret);
    if (command->settings)
        buf_add_str(ret, "  Every other setting may be given too: plateia help settings\n");
}

static void add_examples(struct buf *ret, const struct command *command, bool bold) {
    struct lines lines = lines_of(command->examples);
    add_heading(ret, "Examples", bold);
    while (lines_next(&lines))
        buf_addf(ret, "  %.*s\n      %.*s\n", (int)lines.head_len, lines.head, (int)lines.rest_len,
                 lines.rest);
}

static void add_exit_codes(struct buf *ret, const struct command *command, bool bold) {
    add_heading(ret, "Exit codes", bold);
    buf_addf(ret, "  0  Done.\n  1  %s\n  2  It was called wrongly: nothing was begun.\n", command->failed);
}

static void add_see_also(struct buf *ret, const struct command *command, bool bold) {
    char word[LINES_WORD];
    add_heading(ret, "See also", bold);
    for (const char *at = command->see; lines_word(&at, ' ', word);)
        buf_addf(ret, "  plateia help %s\n", word);
}

void help_usage(struct buf *ret, const struct command *command) {
    struct lines own = lines_of(command->options);
    buf_addf(ret, "Usage: plateia %s%s%s", command->name, *command->words ? " " : "", command->words);
    while (lines_next(&own))
        buf_addf(ret, " [%.*s]", (int)own.head_len, own.head);
    buf_add_str(ret, command->bare ? "\n" : " [--FLAG VALUE]...\n");
}

void help_command(struct buf *ret, const struct command *command, bool bold) {
    help_usage(ret, command);
    buf_add_char(ret, '\n');
    add_prose(ret, command->about, strlen(command->about), 0);
    add_flags(ret, command, bold);
    add_examples(ret, command, bold);
    add_exit_codes(ret, command, bold);
    add_see_also(ret, command, bold);
}
