#ifndef PLATEIA_HTTP_ADMIN_H
#define PLATEIA_HTTP_ADMIN_H

/* admin.h -- the operators' own small daemon, on its own thread: it answers whatever scripts or database do.
 *
 *   GET /live     200 {"status":"live"} as long as the process runs
 *   GET /ready    200 {"status":"ready"} or 503 {"status":"not ready","reason":"..."}, as `ready` says
 * Other paths 404, other methods 405. The Host header must name a loopback address or localhost (or the
 * address bound), so that no web page reaches it through a rebound name; else 403. Later: metrics, scripts,
 * reload. */

#include "../base/err.h"
#include <stdbool.h>

struct admin;

struct admin_view {
    /* Any thread. false: *ret_reason (static text) says why. */
    bool (*ready)(void *ctx, const char **ret_reason);
    void *ctx;
};

enum err_code admin_new(struct admin **ret, const char *host_port, struct admin_view view, struct err *err);
unsigned admin_port(const struct admin *admin);
void admin_free(struct admin *admin);

#endif
