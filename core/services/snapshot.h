#ifndef PLATEIA_SERVICES_SNAPSHOT_H
#define PLATEIA_SERVICES_SNAPSHOT_H

/* snapshot.h -- one moment's copy of the script folder: every *.lua below it, under the name a script
 * requires.
 *
 * "routes/account.lua" is the module "routes.account", "notifications/init.lua" is "notifications". Names
 * that start with a dot, and *_spec.lua files, are passed over; an empty file is an error, since editors
 * empty a file before they fill it. Constant once read, except snapshot_file, which reads beside it: any
 * thread. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stddef.h>
#include <stdint.h>

struct snapshot;

struct module {
    char *name;  /* "routes.account" */
    char *chunk; /* "@scripts/routes/account.lua": what messages and tracebacks say */
    char *text;
    size_t len;
};

enum err_code snapshot_read(struct snapshot **ret, const char *dir, struct err *err);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* NULL when there is none of that name. */
const struct module *snapshot_find(const struct snapshot *snapshot, const char *name);
/* All modules, sorted by name. */
size_t snapshot_count(const struct snapshot *snapshot);
const struct module *snapshot_at(const struct snapshot *snapshot, size_t index);

/* A data file inside the folder ("adapters/x/data.json"), appended to *ret; read from the disk at each call.
 * Refuses paths that leave the folder (ERR_DENIED) and files over 8 MiB (ERR_LIMIT). */
enum err_code snapshot_file(const struct snapshot *snapshot, const char *path, struct buf *ret,
                            struct err *err);

#endif
