#ifndef PLATEIA_ASSEMBLY_SCRAPE_H
#define PLATEIA_ASSEMBLY_SCRAPE_H

/* scrape.h -- what GET /metrics answers: what all rooms count, added up and told in Prometheus' words.
 *
 * It reads what others write (base/meter.h) and waits for none of them: not for a worker, a script or the
 * database. */

#include "../base/buf.h"
#include "foundation.h"
#include <stdbool.h>
#include <stddef.h>

struct worker;

struct scrape {
    const struct foundation *foundation;
    struct worker *const *workers; /* all that are there; none while the server starts */
    size_t worker_count;
    bool ready; /* as GET /ready says */
};

/* Appends the page. Any thread. */
void scrape_write(const struct scrape *scrape, struct buf *ret);

/* Its part about the process itself: time, memory, open files. */
void scrape_process(struct buf *ret);

#endif
