#ifndef PLATEIA_COMMAND_HELP_H
#define PLATEIA_COMMAND_HELP_H

/* help.h -- what is said of the commands, for people at a terminal and for `man`. */

#include "../base/buf.h"
#include "commands.h"

/* `bold`: headings stand out, on a terminal that can. */
void help_overview(struct buf *ret, bool bold);
void help_command(struct buf *ret, const struct command *command, bool bold);

/* "Usage: plateia import ADAPTER [FILE] [--FLAG VALUE]..." */
void help_usage(struct buf *ret, const struct command *command);

/* plateia.1, in man(7)'s words. */
void help_manual_page(struct buf *ret);

#endif
