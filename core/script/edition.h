#ifndef PLATEIA_SCRIPT_EDITION_H
#define PLATEIA_SCRIPT_EDITION_H

/* edition.h -- one state of the scripts, as all workers run it: its sources, its number, and one generation
 * for each worker.
 *
 * Built whole, aside, by one thread; then published (stage.h) by one store, so that all workers serve it or
 * none does. A worker takes its own generation out of it (adopt.h); closed generations are given back by the
 * thread that builds. */

#include "../base/err.h"
#include <stddef.h>
#include <stdint.h>

struct budget_seat;
struct generation;
struct quarantine;
struct services;
struct sources;

struct edition {
    unsigned number; /* 1 is the first that was served */
    struct sources *sources;
    struct quarantine *quarantine;
    const char *by; /* what asked for it; static text */
    int64_t at_ms;  /* since 1970 */
    struct edition *next;
    size_t count;
    struct generation *generations[]; /* by worker; NULL once closed */
};

struct edition_parts {
    struct sources *sources; /* held by the edition from then on */
    unsigned number;
    const char *by;
    const struct services *const *services; /* one for each worker */
    size_t count;
    size_t memory_limit;      /* bytes, of a state */
    struct budget_seat *seat; /* of the calling thread; NULL: loading takes as long as it likes */
    int64_t load_ns;          /* for loading a state */
    int64_t rest_ns;          /* for a handler that was stopped again and again */
    int64_t pause_ns;         /* for one that was stopped */
};

/* ERR_INVALID: "file:line: reason". */
enum err_code edition_new(struct edition **ret, const struct edition_parts *parts, struct err *err);
/* Of one worker that is done with it; any thread. NULL is fine. */
void edition_close(struct generation *generation);
void edition_free(struct edition *edition); /* with the generations that are left; NULL is fine */

#endif
