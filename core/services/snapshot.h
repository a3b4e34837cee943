#ifndef PLATEIA_SERVICES_SNAPSHOT_H
#define PLATEIA_SERVICES_SNAPSHOT_H

/* snapshot.h -- one moment's copy of the script folder: every *.lua below it, under the name a script
 * requires.
 *
 * "routes/account.lua" is the module "routes.account", "notifications/init.lua" is "notifications". Names
 * that start with a dot, and *_spec.lua files, are passed over; symbolic links are followed; an empty file is
 * an error, since editors empty a file before they fill it. All files are of one moment: where something
 * changed while they were read, they are read again. Constant once read, except snapshot_file, which reads
 * beside it: any thread. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot;

struct module {
    char *name;  /* "routes.account" */
    char *chunk; /* "@scripts/routes/account.lua": what messages and tracebacks say */
    char *text;
    size_t len;
    char hash[17]; /* the text's, in hex */
};

/* May sleep for some milliseconds when a file was written just now. The text of ERR_INVALID names file and
 * line; ERR_BUSY: "the files keep changing". */
enum err_code snapshot_read(struct snapshot **ret, const char *dir, struct err *err);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* NULL when there is none of that name. */
const struct module *snapshot_find(const struct snapshot *snapshot, const char *name);
/* All modules, sorted by name. */
size_t snapshot_count(const struct snapshot *snapshot);
const struct module *snapshot_at(const struct snapshot *snapshot, size_t index);

/* 64 hex digits over the modules' paths and texts; data files are not in it. */
const char *snapshot_hash(const struct snapshot *snapshot);
/* The same texts from the same folders. Equal hashes alone are not enough for keeping the older snapshot:
 * where the folder was swapped for one with the same scripts, its data files would come from the folder that
 * is gone. */
bool snapshot_same(const struct snapshot *a, const struct snapshot *b);

/* A data file inside the folder ("adapters/x/data.json"), appended to *ret; read from the disk at each call,
 * from the folder that the modules were read from, whatever bears its name now. Refuses paths that leave the
 * folder (ERR_DENIED) and files over 8 MiB (ERR_LIMIT). */
enum err_code snapshot_file(const struct snapshot *snapshot, const char *path, struct buf *ret,
                            struct err *err);

#endif
