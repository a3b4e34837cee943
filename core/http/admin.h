#ifndef PLATEIA_HTTP_ADMIN_H
#define PLATEIA_HTTP_ADMIN_H

/* admin.h -- the operators' own small daemon, on its own thread: it answers whatever scripts or database do.
 * What the view leaves NULL is not there (404).
 *
 *   GET /live     200 {"status":"live"} as long as the process runs
 *   GET /ready    200 {"status":"ready"} or 503 {"status":"not ready","reason":"..."}, as `ready` says
 *   GET /metrics  200, Prometheus' text 0.0.4: whatever `metrics` has to say
 *   GET /import   200, a JSON object: how far the import is that an operator asked for
 *   POST /import?adapter=NAME   body: a file's bytes, or none; 202 and the same object. 409 while one runs,
 *                 413 for more than ADMIN_BODY_MAX bytes, 400 for what is no import, 503 when the server
 *                 cannot now. Only from this machine, and with the header `X-Plateia-Admin: 1`, which no
 *                 web page can send here; else 403.
 *   GET /scripts  200, a JSON object: which generation of the scripts serves, and its history
 *   POST /scripts/reload[?dry_run=1]   reads the scripts anew and serves them, or (dry run) only checks them
 *   POST /scripts/rollback[?to=N]      serves generation N again, or the one before
 *                 200 and a JSON object that tells what became of it; 409 and the same when it was refused,
 * 404 when N is not kept, 503 while the server shuts down or carries out a few such orders already. Asked for
 * as an import is. Each runs on a thread of its own: the listener goes on answering. Other paths 404, other
 * methods 405. The Host header must name a loopback address or localhost (or the address bound), so that no
 * web page reaches it through a rebound name; else 403. */

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
    /* Reads the scripts anew (dry_run: as if), or serves generation `to` again (0: the one before). Returns
     * when it is done or refused: ERR_INVALID; ERR_NOT_FOUND: not kept; others: not now. *ret gets a JSON
     * object; left empty, the answer tells err.text. From a thread of its own, several at once. */
    enum err_code (*reload)(void *ctx, bool dry_run, struct buf *ret, struct err *err);
    enum err_code (*rollback)(void *ctx, unsigned to, struct buf *ret, struct err *err);
    /* Appends the state of the scripts as a JSON object. From admin's thread: must not take long. */
    void (*scripts)(void *ctx, struct buf *ret);
    /* Appends all that is counted, as base/exposition.h writes it. From admin's thread: waits for nobody. */
    void (*metrics)(void *ctx, struct buf *ret);
    void *ctx;
};

enum err_code admin_new(struct admin **ret, const char *host_port, struct admin_view view, struct err *err);
unsigned admin_port(const struct admin *admin);
/* Waits for the orders that are carried out, and for their answers to leave. NULL is fine. */
void admin_free(struct admin *admin);

#endif
