#ifndef PLATEIA_HTTP_ADMIN_H
#define PLATEIA_HTTP_ADMIN_H

/* admin.h -- the operators' own small daemon, on its own thread: it answers whatever scripts or database do.
 * What the view leaves NULL is not there (404); other methods are 405.
 *
 *   GET /         the operators' page, and the files that it is made of
 *   GET /live     200 {"status":"live"} as long as the process runs
 *   GET /ready    200 {"status":"ready"} or 503 {"status":"not ready","reason":"..."}, as `ready` says
 *   GET /metrics  200, Prometheus' text 0.0.4: whatever `metrics` has to say
 *   GET /import   200, a JSON object: how far the import is that an operator asked for
 *   POST /import?adapter=NAME   body: a file's bytes, or none; 202 and the same object. 409 while one runs,
 *                 413 for more than ADMIN_BODY_MAX bytes, 400 for what is no import, 503 when the server
 *                 cannot now
 *   GET /scripts  200, a JSON object: which generation of the scripts serves, and its history
 *
 * Orders, each on a thread of its own, so that the listener goes on answering: 200 and a JSON object; 409
 * when refused, 404 when what they name is not there, 400 when they are asked for wrongly, 503 when they
 * cannot be carried out now (or a few are already).
 *
 *   POST /scripts/reload[?dry_run=1]   reads the scripts anew and serves them, or (dry run) only checks them
 *   POST /scripts/rollback[?to=N]      serves generation N again, or the one before
 *   GET /outbox                        what waits to be sent, and what was given up
 *   POST /outbox/retry?key=KEY         has one of those sent again; ?all=1: all that were given up
 *
 * Who may ask: admin_gate.h. A POST needs `X-Plateia-Admin: 1`, and where there is no token it is taken from
 * this machine alone; else 403. With a token all but /live, /ready and the page is 401 without
 * `Authorization: Bearer TOKEN`. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct admin;
struct assets;
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
    /* Reads the scripts anew (dry_run: as if), or serves generation `to` again (0: the one before). Returns
     * when it is done or refused: ERR_INVALID; ERR_NOT_FOUND: not kept; others: not now. *ret gets a JSON
     * object; left empty, the answer tells err.text. From a thread of its own, several at once. */
    enum err_code (*reload)(void *ctx, bool dry_run, struct buf *ret, struct err *err);
    enum err_code (*rollback)(void *ctx, unsigned to, struct buf *ret, struct err *err);
    /* The outbox: appends what is in it, or has the row of that key (NULL: all that were given up) sent again
     * and appends what came of it; a JSON object. ERR_NOT_FOUND: no such row; others: not now. From a thread
     * of its own. */
    enum err_code (*outbox)(void *ctx, struct buf *ret, struct err *err);
    enum err_code (*outbox_retry)(void *ctx, const char *key, struct buf *ret, struct err *err);
    /* Appends the state of the scripts as a JSON object. From admin's thread: must not take long. */
    void (*scripts)(void *ctx, struct buf *ret);
    /* Appends all that is counted, as base/exposition.h writes it. From admin's thread: waits for nobody. */
    void (*metrics)(void *ctx, struct buf *ret);
    const struct assets *page; /* assets.h */
    void *ctx;
};

/* `token`: "" where none is needed; must last. ERR_INVALID also where the address needs one. */
enum err_code admin_new(struct admin **ret, const char *host_port, const char *token, struct admin_view view,
                        struct err *err);
unsigned admin_port(const struct admin *admin);
/* Waits for the orders that are carried out, and for their answers to leave. NULL is fine. */
void admin_free(struct admin *admin);

#endif
