#ifndef PLATEIA_HTTP_ADMIN_H
#define PLATEIA_HTTP_ADMIN_H

/* admin.h -- the operators' own small daemon, on its own thread: it answers whatever scripts or database do.
 *
 *   GET /live     200 {"status":"live"} as long as the process runs
 *   GET /ready    200 {"status":"ready"} or 503 {"status":"not ready","reason":"..."}, as `ready` says
 *   GET /import   200, a JSON object: how far the import is that an operator asked for
 *   POST /import?adapter=NAME   body: a file's bytes, or none; 202 and the same object. 409 while one runs,
 *                 413 for more than ADMIN_BODY_MAX bytes, 400 for what is no import, 503 when the server
 *                 cannot now. Only from this machine, and with the header `X-Plateia-Admin: 1`, which no
 *                 web page can send here; else 403.
 * Other paths 404, other methods 405. The Host header must name a loopback address or localhost (or the
 * address bound), so that no web page reaches it through a rebound name; else 403. Later: metrics, scripts,
 * reload. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct admin;
struct buf;

#define ADMIN_BODY_MAX (16u << 20)

struct admin_view {
    /* Any thread. false: *ret_reason (static text) says why. */
    bool (*ready)(void *ctx, const char **ret_reason);
    /* Begins an import and takes over `body` (NUL-terminated, from malloc; NULL: none was sent). ERR_BUSY:
     * one runs already; ERR_INVALID: never with this input. From admin's thread. */
    enum err_code (*import)(void *ctx, const char *adapter, char *body, size_t len, struct err *err);
    /* Appends its state as a JSON object. From admin's thread. */
    void (*import_state)(void *ctx, struct buf *ret);
    void *ctx;
};

enum err_code admin_new(struct admin **ret, const char *host_port, struct admin_view view, struct err *err);
unsigned admin_port(const struct admin *admin);
void admin_free(struct admin *admin);

#endif
