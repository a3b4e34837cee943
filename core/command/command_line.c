/* command_line.c -- each argument is a word, a flag of the command's own, or a flag of the settings. */

#include "command_line.h"
#include "../base/nearest.h"
#include "../services/settings.h"
#include "lines.h"
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *one, const char *other) {
    return strcmp(text, one) == 0 || strcmp(text, other) == 0;
}

/* A dash alone is standard input. */
static bool is_word(const char *text) {
    return text[0] != '-' || text[1] == '\0';
}

/* How many words it takes, with what is given to it, where it is a flag of the command's own and well given;
 * or 0. */
static int own_words(const struct command *command, int argc, const char *const *argv) {
    const char *text = argv[0];
    struct lines lines = lines_of(command->options);
    while (lines_next(&lines)) {
        size_t len = (size_t)lines_name(&lines);
        bool valued = len < lines.head_len;
        if (strncmp(text, lines.head, len) != 0) continue;
        if (text[len] == (valued ? '=' : '\0')) return 1;
        if (valued && text[len] == '\0' && argc > 1) return 2;
    }
    return 0;
}

/* Its name, without what is given to it. */
static void flag_name(char ret[LINES_WORD], const char *text) {
    size_t len = strcspn(text, "=");
    if (len >= LINES_WORD) len = LINES_WORD - 1;
    memcpy(ret, text, len);
    ret[len] = '\0';
}

/* Of its own flags and, with them, --help; for one that takes no settings those are all there are. */
static enum err_code check_flag(const struct command *command, const char *text, struct err *err) {
    char name[LINES_WORD], own[8][LINES_WORD] = {"--help"};
    size_t count = 1;
    struct lines lines = lines_of(command->options);
    struct setting_about about;
    flag_name(name, text);
    struct nearest nearest = nearest_to(name);
    for (; count < 8 && lines_next(&lines); count++) {
        bool valued = (size_t)lines_name(&lines) < lines.head_len;
        lines_copy(own[count], lines.head, (size_t)lines_name(&lines));
        if (strcmp(own[count], name) == 0)
            return err_set(err, ERR_INVALID, "%s %s", name,
                           valued ? "wants a value behind it" : "takes no value");
    }
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, own[i]);
    const char *meant = nearest.found;
    for (size_t i = 0; !command->bare && settings_about(i, &about); i++)
        if (strcmp(name + strspn(name, "-"), about.flag) == 0) return ERR_OK;
    if (meant) return err_set(err, ERR_INVALID, "there is no flag %s: did you mean %s?", name, meant);
    return command->bare ? err_set(err, ERR_INVALID, "there is no flag %s here", name) : ERR_OK;
}

enum err_code command_line_read(struct command_line *ret, const struct command *command, int argc,
                                const char *const *argv, struct err *err) {
    enum err_code code = ERR_OK;
    bool flags = true;
    int taken;
    *ret = (struct command_line){.words = calloc((size_t)argc * 3 + 1, sizeof *ret->words)};
    if (!ret->words) return err_set(err, ERR_NO_MEMORY, "out of memory");
    ret->options = ret->words + argc;
    ret->flags = ret->options + argc;
    for (int i = 0; i < argc && code == ERR_OK; i++) {
        const char *text = argv[i];
        if (flags && strcmp(text, "--") == 0) {
            flags = false;
        } else if (!flags || is_word(text)) {
            ret->words[ret->word_count++] = text;
        } else if (is_one_of(text, "--help", "-h")) {
            ret->help = true;
        } else if (is_one_of(text, "--version", "-V")) {
            ret->version = true;
        } else if ((taken = own_words(command, argc - i, argv + i)) > 0) {
            ret->options[ret->option_count++] = text;
            if (taken == 2) ret->options[ret->option_count++] = argv[++i];
        } else if ((code = check_flag(command, text, err)) == ERR_OK) {
            taken = settings_flag_words(argc - i, argv + i);
            ret->flags[ret->flag_count++] = text;
            if (taken == 2) ret->flags[ret->flag_count++] = argv[++i];
        }
    }
    return code;
}

void command_line_done(struct command_line *line) {
    free(line->words);
    *line = (struct command_line){0};
}
