#ifndef PLATEIA_SERVICES_POSTGRES_HOME_H
#define PLATEIA_SERVICES_POSTGRES_HOME_H

/* postgres_home.h -- the folder of the embedded PostgreSQL: who owns it, what lies where, what its files say.
 *
 *   DATA/lock                       flock: held by the one server that may use DATA
 *   DATA/postgres/                  0700, belongs to the user that PostgreSQL runs as
 *   DATA/postgres/cluster/          PostgreSQL's data
 *   DATA/postgres/run/              its socket
 *   DATA/postgres/log               its messages; log.old: those before */

#include "../base/err.h"
#include "child.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct postgres_home {
    char path[PATH_MAX]; /* DATA/postgres, absolute */
    int lock;            /* held as long as the home is open */
    struct child_user user;
};

/* Makes what is missing and takes the lock: ERR_BUSY when another has it. */
enum err_code postgres_home_open(struct postgres_home *ret, const char *data, struct err *err);
void postgres_home_close(struct postgres_home *home);

/* `path`/`name` into a buffer of PATH_MAX; always fits, as the path of an open home is short. */
const char *postgres_home_at(char ret[PATH_MAX], const char *path, const char *name);

enum err_code postgres_home_conninfo(char *ret, size_t size, const char *path, struct err *err);
/* DATA as an absolute DATA/postgres; ERR_NOT_FOUND, or ERR_INVALID when PostgreSQL can not use such a path.
 */
enum err_code postgres_home_resolve(char ret[PATH_MAX], const char *data, struct err *err);

/* The version whose data it holds; 0: none yet. */
int postgres_home_version(const char *path);

/* What postmaster.pid says: 0 when there is none. *ready (may be NULL): it takes connections. */
pid_t postgres_home_postmaster(const char *path, bool *ready);
/* When postmaster.pid was last written; zero when there is none. Tells a file of before from a new one: in a
 * container that starts again, even the process id in it may be the same. */
struct timespec postgres_home_stamp(const char *path);
/* Whether that process is a PostgreSQL of this folder. PROCESS_UNSURE: a PostgreSQL, perhaps of another one.
 */
enum process { PROCESS_GONE, PROCESS_STRANGER, PROCESS_UNSURE, PROCESS_OURS };
enum process postgres_home_process(const char *path, pid_t pid);

/* Opens the log for appending; *start is its length now. A long one is put aside first. -1 on failure. */
int postgres_home_open_log(const struct postgres_home *home, long *start);
/* The sentence that explains a failure best, of what was logged since `start`; "" when nothing was. */
void postgres_home_last_words(const char *path, long start, char *ret, size_t size);

#endif
