#ifndef PLATEIA_SERVICES_DB_LEASE_H
#define PLATEIA_SERVICES_DB_LEASE_H

/* lease.h -- the exclusive connections of a share: transactions, and single statements of class lease.
 * Private to the pool; the verbs for a lease's holder are in pool.h. */

#include "call.h"
#include "line.h"
#include <stddef.h>

struct lease;

struct leases {
    struct share *share;
    struct lease *list;
    size_t count;
    struct calls waiting; /* with a query: run it alone; without: begin (or mark, or undo) */
};

enum err_code leases_open(struct leases *leases, struct share *share, struct err *err);
void leases_close(struct leases *leases);
void leases_submit(struct leases *leases, struct call *call); /* takes the call */
unsigned leases_busy(const struct leases *leases);
bool leases_connected(const struct leases *leases); /* all of them */

#endif
