#ifndef PLATEIA_SERVICES_MIGRATE_H
#define PLATEIA_SERVICES_MIGRATE_H

/* migrate.h -- brings the schema up to date: DIR/0001_name.sql, 0002_..., each once, in its own transaction,
 * all under one advisory lock, so any number of servers may start at once. Applied files are remembered with
 * their SHA-256 in schema_migrations; a file changed after it was applied, a gap, or an applied one that is
 * missing here is an error that names it. */

#include "../base/err.h"

struct migrate_report {
    int applied; /* by this call */
    int version; /* the newest now */
};

/* Blocks; for start-up. lock_timeout is tried again with a pause; gives up after about 60 s with ERR_BUSY. */
enum err_code migrate_run(const char *conninfo, const char *dir, struct migrate_report *ret, struct err *err);

#endif
