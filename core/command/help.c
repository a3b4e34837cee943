/* help.c -- `plateia help` and `plateia help COMMAND`, from the table of commands. */

#include "help.h"
#include "../services/settings.h"
#include "lines.h"
#include <string.h>

#define WIDTH  96
#define COLUMN 32 /* where what is said of a command or a flag begins, as in settings_help */

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* ---- prose ---- */

/* Up to the next space or line break, or the end; `what is typed` stays together. */
static size_t word_length(const char *text, const char *end) {
    const char *at = text;
    for (bool typed = false; at < end && *at != '\n' && (typed || *at != ' '); at++)
        if (*at == '`') typed = !typed;
    return (size_t)(at - text);
}

/* Words of the text in lines of at most WIDTH; an empty line stays one. */
static void add_prose(struct buf *ret, const char *text) {
    const char *end = text + strlen(text);
    size_t column = 0;
    while (text < end) {
        size_t word = word_length(text, end);
        if (word == 0) { /* paragraphs are parted by two line breaks, of which this is the second */
            buf_add_str(ret, "\n\n");
            column = 0;
        } else {
            bool fits = column + 1 + word <= WIDTH;
            if (column) buf_add_char(ret, fits ? ' ' : '\n');
            buf_add(ret, text, word);
            column = (column && fits ? column + 1 : 0) + word;
        }
        text += word + (text + word < end);
    }
    buf_add_char(ret, '\n');
}

static void add_heading(struct buf *ret, const char *text, bool bold) {
    buf_addf(ret, "\n%s%s%s:\n", bold ? BOLD : "", text, bold ? PLAIN : "");
}

/* "  head      what is said of it" */
static void add_row(struct buf *ret, const char *head, const char *rest) {
    buf_addf(ret, "  %-*s %s\n", COLUMN - 3, head, rest);
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
        if (head.data) add_row(ret, head.data, command->summary);
    }
    if (head.failed) ret->failed = true;
    buf_done(&head);
}

void help_overview(struct buf *ret, bool bold) {
    buf_add_str(ret, "Usage: plateia COMMAND [WORDS] [--FLAG VALUE]...\n");
    add_commands(ret, bold);
    add_heading(ret, "Begin with", bold);
    add_row(ret, "plateia serve", "http://localhost:8080, data in ./data");
    add_row(ret, "plateia COMMAND --help", "what it does, its flags, two examples");
    add_row(ret, "plateia help settings", "every flag, and how else it can be set");
    add_heading(ret, "Exit codes", bold);
    buf_add_str(ret, "  0 done, 1 it could not be done, 2 it was called wrongly and nothing was begun\n");
}

/* ---- one ---- */

static void add_option_rows(struct buf *ret, const char *options) {
    struct lines lines = lines_of(options);
    while (lines_next(&lines))
        buf_addf(ret, "  %-*.*s %.*s\n", COLUMN - 3, (int)lines.head_len, lines.head, (int)lines.rest_len,
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
    add_prose(ret, command->about);
    add_flags(ret, command, bold);
    add_examples(ret, command, bold);
    add_exit_codes(ret, command, bold);
    add_see_also(ret, command, bold);
}
