#ifndef PLATEIA_COMMAND_COMPLETION_H
#define PLATEIA_COMMAND_COMPLETION_H

/* completion.h -- what a shell completes a line of ours by, made of the tables of commands and settings. */

#include "../base/buf.h"
#include <stdbool.h>

/* "bash", "zsh" or "fish"; false: for none else. */
bool completion_for(const char *shell, struct buf *ret);

#endif
