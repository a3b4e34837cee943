#ifndef PLATEIA_COMMAND_COMMAND_LINE_H
#define PLATEIA_COMMAND_COMMAND_LINE_H

/* command_line.h -- sorts what was typed behind a command's name, as GNU's programs do: words and flags in
 * any order, `--` ends the flags. What a setting's flag says is settings_load's affair. */

#include "../base/err.h"
#include "commands.h"

struct command_line {
    const char **words, **options, **flags; /* each a part of what was typed; flags with their values */
    int word_count, option_count, flag_count;
    bool help, version; /* --help or -h, --version or -V */
};

/* ERR_INVALID: "there is no flag --jsn: did you mean --json?", where a flag of the command was meant or where
 * it takes no settings. To be freed in any case. */
enum err_code command_line_read(struct command_line *ret, const struct command *command, int argc,
                                const char *const *argv, struct err *err);
void command_line_done(struct command_line *line);

#endif
