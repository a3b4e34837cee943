#ifndef PLATEIA_SERVICES_TEXTS_H
#define PLATEIA_SERVICES_TEXTS_H

/* texts.h -- programs' texts that somebody names: files, and folders with all below them that end so. As they
 * are at the moment of reading; nobody watches them. One thread. */

#include "../base/err.h"
#include <stddef.h>

struct text_file {
    char *path; /* as it was named, or below the folder that was: "scripts/lib/x_spec.lua" */
    char *text;
    size_t len;
};

struct texts {
    struct text_file *list;
    size_t count, room;
};

/* Adds a file, or those below a folder whose name ends with `suffix`, by their paths; what is there already
 * is not added twice. ERR_SYSTEM, ERR_INVALID (an empty file), ERR_LIMIT: with the path. */
enum err_code texts_add(struct texts *texts, const char *path, const char *suffix, struct err *err);
void texts_done(struct texts *texts);

#endif
