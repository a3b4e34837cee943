/* help_man.c -- the manual page: the same texts in man(7)'s words. */

#include "../services/settings.h"
#include "help.h"
#include "lines.h"
#include <string.h>

#define FULL 68 /* bytes, after which a line ends with its word */

/* Text that roff reads as it stands: no line may begin as one of its requests, no backslash may escape. What
 * stands between `backticks` is bold. */
static void add_text(struct buf *ret, const char *text, size_t len) {
    bool begins = true, bold = false;
    size_t line = ret->len;
    for (size_t i = 0; i < len; i++) {
        if (begins && strchr(".'", text[i])) buf_add_str(ret, "\\&");
        begins = text[i] == ' ' && ret->len - line > FULL;
        if (begins) {
            buf_add_char(ret, '\n');
            line = ret->len;
            continue;
        }
        if (text[i] == '\\')
            buf_add_str(ret, "\\e");
        else if (text[i] == '-')
            buf_add_str(ret, "\\-");
        else if (text[i] == '`')
            buf_add_str(ret, (bold = !bold) ? "\\fB" : "\\fR");
        else
            buf_add_char(ret, text[i]);
    }
}

static void add_line(struct buf *ret, const char *text, size_t len) {
    add_text(ret, text, len);
    buf_add_char(ret, '\n');
}

static void add_tagged(struct buf *ret, const char *head, size_t head_len, const char *rest,
                       size_t rest_len) {
    buf_add_str(ret, ".TP\n\\fB");
    add_text(ret, head, head_len);
    buf_add_str(ret, "\\fR\n");
    add_line(ret, rest, rest_len);
}

/* Paragraphs, which an empty line parts. */
static void add_paragraphs(struct buf *ret, const char *text) {
    for (const char *end; (end = strstr(text, "\n\n")); text = end + 2) {
        add_line(ret, text, (size_t)(end - text));
        buf_add_str(ret, ".PP\n");
    }
    add_line(ret, text, strlen(text));
}

/* ---- commands ---- */

static void add_command(struct buf *ret, const struct command *command) {
    struct lines lines = lines_of(command->options);
    struct buf head = {0};
    buf_addf(&head, "%s%s%s", command->name, *command->words ? " " : "", command->words);
    buf_add_str(ret, ".SS ");
    add_line(ret, head.data ? head.data : "", head.len);
    buf_done(&head);
    add_paragraphs(ret, command->about);
    while (lines_next(&lines))
        add_tagged(ret, lines.head, lines.head_len, lines.rest, lines.rest_len);
    add_tagged(ret, "exit code 1", 11, command->failed, strlen(command->failed));
}

static void add_examples(struct buf *ret) {
    buf_add_str(ret, ".SH EXAMPLES\n");
    for (size_t i = 0; i < command_count; i++) {
        struct lines lines = lines_of(commands[i].examples);
        while (lines_next(&lines))
            add_tagged(ret, lines.head, lines.head_len, lines.rest, lines.rest_len);
    }
}

/* ---- settings ---- */

static void add_setting(struct buf *ret, const struct setting_about *about) {
    struct buf head = {0}, rest = {0};
    buf_addf(&head, "--%s%s%s", about->flag, *about->value ? " " : "", about->value);
    buf_add_str(&rest, about->help);
    if (about->words) buf_addf(&rest, "; one of: %s", about->words);
    if (*about->fallback) buf_addf(&rest, " (%s)", about->fallback);
    if (head.data && rest.data) add_tagged(ret, head.data, head.len, rest.data, rest.len);
    buf_done(&head), buf_done(&rest);
}

static void add_settings(struct buf *ret) {
    struct setting_about about;
    buf_add_str(ret, ".SH SETTINGS\n");
    add_paragraphs(ret, command_find("settings")->about);
    add_tagged(ret, "--config FILE", 13, "lines of `name = value`, with `#` before comments", 49);
    for (size_t i = 0; settings_about(i, &about); i++)
        add_setting(ret, &about);
}

/* ---- the page ---- */

static void add_head(struct buf *ret) {
    buf_add_str(ret, ".TH PLATEIA 1 \"\" \"plateia " PLATEIA_VERSION "\" \"Plateia\"\n"
                     ".SH NAME\nplateia \\- a server whose routes are Lua scripts, on PostgreSQL\n"
                     ".SH SYNOPSIS\n\\fBplateia\\fR \\fICOMMAND\\fR [\\fIWORDS\\fR] "
                     "[\\fB\\-\\-\\fIFLAG VALUE\\fR]...\n");
}

static void add_tail(struct buf *ret) {
    static const char tail[] = ".SH ENVIRONMENT\n.TP\n\\fBPLATEIA_\\fINAME\\fR\nEvery setting, in capitals: "
                               "\\fBPLATEIA_WORKERS\\fR.\n"
                               ".TP\n\\fBPLATEIA_\\fINAME\\fB_FILE\\fR\nThe file that holds a secret.\n"
                               ".TP\n\\fBDATABASE_URL\\fR\nThe PostgreSQL to use.\n"
                               ".TP\n\\fBNO_COLOR\\fR\nWhere it is set, nothing is coloured or bold.\n"
                               "Nor is it where there is no terminal.\n"
                               ".SH EXIT STATUS\n.TP\n0\nDone.\n"
                               ".TP\n1\nIt could not be done; standard error says why.\n"
                               ".TP\n2\nIt was called wrongly: there is no such command, flag or value.\n"
                               "Nothing was begun.\n";
    buf_add_str(ret, tail);
}

void help_manual_page(struct buf *ret) {
    add_head(ret);
    buf_add_str(ret, ".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++)
        add_command(ret, &commands[i]);
    add_settings(ret);
    add_examples(ret);
    add_tail(ret);
}
