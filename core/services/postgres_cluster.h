#ifndef PLATEIA_SERVICES_POSTGRES_CLUSTER_H
#define PLATEIA_SERVICES_POSTGRES_CLUSTER_H

/* postgres_cluster.h -- makes DATA/postgres/cluster with the database "plateia", once and whole.
 *
 * Takes a second or two. Call it from the thread that starts PostgreSQL afterwards (child.h says why). */

#include "../base/err.h"
#include "postgres_home.h"

/* Does nothing when there is one. `bin` holds initdb and postgres; `log` gets what they say. */
enum err_code postgres_cluster_make(const struct postgres_home *home, const char *bin, int log,
                                    struct err *err);

/* The environment of PostgreSQL's programs, NULL-terminated: ours is none of their business. */
extern const char *const postgres_cluster_environment[];

#endif
