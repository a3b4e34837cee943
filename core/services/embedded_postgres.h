#ifndef PLATEIA_SERVICES_EMBEDDED_POSTGRES_H
#define PLATEIA_SERVICES_EMBEDDED_POSTGRES_H

/* embedded_postgres.h -- a private, real PostgreSQL in DATA/postgres, for whoever has not set DATABASE_URL.
 *
 * One thread of its own forks it, waits for it, restarts it with backoff when it dies, and so long lives as
 * we do: the kernel's parent-death signal (SIGQUIT, PostgreSQL's immediate shutdown) ends it when this
 * process is killed. Unix socket only, in the same 0700 folder. Runs as the user "postgres" (else "nobody")
 * when we are root. Knows nothing of libpq. */

#include "../base/err.h"
#include <stddef.h>

struct embedded_postgres;

struct embedded_postgres_options {
    const char *data;     /* DATA: made when missing; may hold other files */
    const char *bin;      /* folder of initdb and postgres, or "": newest of the usual places, at least 15 */
    unsigned connections; /* max_connections */
    /* or NULL: told what takes long (initdb, recovery) and of restarts, from a thread of our own */
    void (*progress)(const char *sentence);
};

/* Returns when it takes connections. ERR_BUSY when another server holds the folder (flock on DATA/lock),
 * ERR_INVALID when the socket's path would be longer than 107 bytes, ERR_NOT_FOUND when no PostgreSQL is
 * installed; texts say what to do. */
enum err_code embedded_postgres_start(struct embedded_postgres **ret,
                                      const struct embedded_postgres_options *options, struct err *err);
/* "host=/.../run user=plateia dbname=plateia": owned by it. The database "plateia" exists (UTF-8). */
const char *embedded_postgres_conninfo(const struct embedded_postgres *postgres);
/* Fast shutdown (waits up to 10 s, then immediate), joins the thread, releases the folder. NULL is fine. */
void embedded_postgres_stop(struct embedded_postgres *postgres);

/* The conninfo of a server that is running on DATA already, for commands beside it; `ret` is `size` bytes. */
enum err_code embedded_postgres_running(const char *data, char *ret, size_t size, struct err *err);

#endif
