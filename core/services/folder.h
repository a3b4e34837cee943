#ifndef PLATEIA_SERVICES_FOLDER_H
#define PLATEIA_SERVICES_FOLDER_H

/* folder.h -- a folder of files that somebody may be editing, read through one open descriptor: what is
 * opened stays the same folder, whatever its name leads to a moment later.
 *
 * Knows neither what the files are for nor that they change. Any thread; no state. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define FOLDER_DEPTH   8
#define FOLDER_ENTRIES 10000

/* What stands in a folder. Memory and descriptor last for the call that shows it. */
struct folder_entry {
    const char *path; /* from the folder that is walked: "routes/account.lua" */
    const char *name; /* its last part */
    int at;           /* the folder it stands in, for openat */
    int folder;       /* itself, where it is a folder; else -1 */
    bool link;        /* a symbolic link; the rest tells of what it leads to */
    struct stat st;   /* filled when error is 0 */
    int error;        /* errno: a link that leads nowhere, a folder that may not be opened */
};
typedef enum err_code folder_visit(void *ctx, const struct folder_entry *entry, struct err *err);

/* A descriptor that the caller closes; -1 and errno. */
int folder_open(const char *path);

/* Shows whatever is below the folder, through symbolic links, folders before what they hold; names that
 * start with a dot are passed over, and so is what vanishes meanwhile. Ends early with the visitor's error,
 * or with ERR_LIMIT: deeper than FOLDER_DEPTH, or more than FOLDER_ENTRIES in all. */
enum err_code folder_walk(int folder, folder_visit *visit, void *ctx, struct err *err);

/* Ends with the suffix and is more than it. */
bool folder_has_suffix(const char *name, const char *suffix);

/* Appends a file's bytes. `shown` is its name in messages. ERR_NOT_FOUND; ERR_LIMIT beyond `limit` bytes. */
enum err_code folder_read(int at, const char *path, const char *shown, size_t limit, struct buf *ret,
                          struct err *err);
/* The same for a program's text: an empty file is ERR_INVALID, "shown:1: the file is empty", since editors
 * empty a file before they fill it. */
enum err_code folder_read_source(int at, const char *path, const char *shown, size_t limit, struct buf *ret,
                                 struct err *err);

#endif
