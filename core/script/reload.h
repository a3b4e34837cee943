#ifndef PLATEIA_SCRIPT_RELOAD_H
#define PLATEIA_SCRIPT_RELOAD_H

/* reload.h -- the one way by which scripts and queries change: read, compile, build a generation for each
 * worker aside, check, publish by one store; or change nothing and say why.
 *
 * A thread of its own does that, so that no request waits for it: for the watcher of the two folders, for
 * reload_wake, and for reload_run. It also closes generations that are over. Which editions were served is
 * remembered with their sources, the last RELOAD_KEPT of them, so that one can be served again. */

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/meter.h"
#include "edition.h"
#include <stdbool.h>

struct budget;
struct generation;
struct reload;
struct stage;

#define RELOAD_KEPT 5

struct reload_options {
    const char *scripts, *queries;      /* the folders; must last */
    const char *conninfo;               /* where new queries are prepared; must last */
    struct budget *budget;              /* must last */
    size_t memory_limit;                /* bytes, of one state */
    int64_t load_ns, rest_ns, pause_ns; /* see edition.h */
    bool watch;                         /* whether saving is enough */
};

enum err_code reload_new(struct reload **ret, const struct reload_options *options, struct err *err);
/* After reload_stop, and after the workers are gone: with every generation that is left. NULL is fine. */
void reload_free(struct reload *reload);

/* For the workers to sit down at, before reload_first. */
struct stage *reload_stage(struct reload *reload);

/* For adopt_parts.closed: takes the generation; ctx is the reload. */
void reload_closed(void *ctx, struct generation *generation);

/* The first edition, in the calling thread, before the workers start. */
enum err_code reload_first(struct reload *reload, struct err *err);

/* Watches the folders from now on. */
enum err_code reload_start(struct reload *reload, struct err *err);
void reload_stop(struct reload *reload); /* nothing is published any more; never started is fine */

struct reload_order {
    const char *by;       /* static text: "admin" */
    bool dry_run;         /* all but publishing */
    bool roll_back;       /* serve again what was served before, ... */
    unsigned rollback_to; /* ... under this number; 0: the one before the present */
};
/* Any thread that may block; waits until all workers serve it or it is refused. Appends a JSON object in both
 * cases: {"outcome":"served"|"fine"|"refused","generation":8,"by":"admin","milliseconds":12.3, and for one
 * that was refused "reason":"scripts/routes/x.lua:3: ...","file":"scripts/routes/x.lua","line":3}.
 * ERR_INVALID: refused, the reason is err's text; ERR_BUSY: cannot be checked now; ERR_NOT_FOUND: no such
 * edition is kept; ERR_TIMEOUT: the server is ending. */
enum err_code reload_run(struct reload *reload, const struct reload_order *order, struct buf *ret,
                         struct err *err);
/* The same without waiting; any thread. `by` is static text. */
void reload_wake(struct reload *reload, const char *by);

/* What is served is built once more, as its Lua states have become too full; any thread. */
void reload_renew(struct reload *reload);

/* For whoever counts. Any thread; waits for no attempt, and for no worker. */
#define RELOAD_WORKERS 256
struct reload_numbers {
    unsigned generation; /* that is served; 0: none */
    size_t live;         /* editions of which something is left, that one included */
    size_t resting;      /* handlers of it that were stopped too often */
    size_t workers;
    uint64_t memory[RELOAD_WORKERS]; /* bytes that Lua has, by worker */
    uint64_t served, refused, busy;  /* attempts; busy: the database could not be asked */
    struct meter_sums durations;     /* of all of them, in nanoseconds */
    int64_t success_ms;              /* since 1970: when the latest began to be served; 0: never */
};
void reload_read(struct reload *reload, struct reload_numbers *ret);
const char *reload_lua(void); /* the version of Lua: "5.4.4" */

/* Appends what is served as a JSON object: generation, since, by, hash, files, last_failure, older, history.
 * Any thread. */
void reload_state(struct reload *reload, struct buf *ret);

/* The sources that are served now: the caller's to drop. Any thread. */
struct sources *reload_sources(struct reload *reload);

#endif
