#ifndef PLATEIA_ASSEMBLY_FOUNDATION_H
#define PLATEIA_ASSEMBLY_FOUNDATION_H

/* foundation.h -- what every worker stands on, opened once a process: a database with an up-to-date schema,
 * the one pool, keys, cache, bus, hasher, and what reloads the scripts. Main's memory; constant while workers
 * run.
 */

#include "../base/err.h"
#include "../services/bus.h"
#include "../services/settings.h"
#include <stdbool.h>
#include <stddef.h>

struct foundation {
    const struct settings *settings;
    struct embedded_postgres *postgres; /* NULL with DATABASE_URL */
    char conninfo[2048], queries[1024]; /* the latter: their folder */
    struct reload *reload;              /* where scripts and queries come from */
    struct pool *pool;
    struct tokens *tokens;
    struct cache *cache;
    struct bus *bus;
    struct board *board;
    struct streams *streams; /* NULL where nobody is served */
    struct bus_subscription cache_drops;
    struct throttle *throttle;
    struct metrics *metrics;         /* of scripts */
    struct route_names *route_names; /* of all routes that were ever served */
    struct edges *edges;
    struct assets *assets; /* the page; NULL: none. Whoever serves reads it */
    struct hasher *hasher;
    struct budget *budget;
    struct trial *trial; /* of a run of specs, its command's own; NULL: this serves */
    /* how far a job is; in the worker's thread; NULL: nobody follows */
    void (*progress)(void *ctx, long done, long total, const char *what);
    void *progress_ctx;
};

/* A database to talk to: DATABASE_URL, or the embedded one, started; `beside`: one that runs on the data
 * folder already will do (for commands beside a server). One elsewhere that does not answer yet is waited
 * for, up to a minute or until `interrupted` (may be NULL) says true. Then migrations. */
enum err_code foundation_database(struct foundation *foundation, const struct settings *settings, bool beside,
                                  bool (*interrupted)(void), struct err *err);
/* The signing keys: from the settings, or the embedded default's own secret, made once. Serving needs them.
 */
enum err_code foundation_keys(struct foundation *foundation, struct err *err);
/* All the rest. */
enum err_code foundation_services(struct foundation *foundation, struct err *err);
/* What serves streams; where people are served, before the workers. */
enum err_code foundation_streams(struct foundation *foundation, struct err *err);
/* Once the workers are there: the scripts as they are now. */
enum err_code foundation_scripts(struct foundation *foundation, struct err *err);
/* Ends the hasher, which posts to workers, and the streams, to which they post: after they are joined, before
 * they are freed. */
void foundation_quiet(struct foundation *foundation);
void foundation_close(struct foundation *foundation); /* in reverse; half-built is fine */

/* Notes in the embedded default's folder where its server's operators are served, for commands beside it; and
 * what is noted there, if anything: it may be of a server that has ended. */
void foundation_note_admin(const struct foundation *foundation, unsigned port);
bool foundation_admin(const struct settings *settings, char *ret, size_t size);

/* Runs the housekeeping query. Any time after foundation_scripts. */
enum err_code foundation_maintain(struct foundation *foundation, struct err *err);

#endif
