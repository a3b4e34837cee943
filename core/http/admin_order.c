/* admin_order.c -- what is ordered is the view's affair; here it gets a thread and a status. */

#include "admin_order.h"
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* "7"; 0 where it is no number of a generation. */
static unsigned number_of(const char *text) {
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len) return 0;
    unsigned long number = strtoul(text, NULL, 10);
    return number > UINT_MAX ? 0 : (unsigned)number;
}

/* A word that is not understood is refused: with ?dryrun=1 nobody wants to find the reload done. */
const char *admin_order_take(struct admin_order *order, const char *name, const char *value) {
    if (!order->rollback && strcmp(name, "dry_run") == 0) {
        order->dry_run = !value || strcmp(value, "1") == 0;
        return order->dry_run || strcmp(value, "0") == 0 ? NULL : "dry_run is 1 or 0.";
    }
    if (order->rollback && strcmp(name, "to") == 0) {
        order->to = number_of(value);
        return order->to ? NULL : "to is the number of a generation: ?to=7.";
    }
    return order->rollback ? "A rollback takes ?to=N and nothing else."
                           : "A reload takes ?dry_run=1 and nothing else.";
}

static unsigned status_of(enum err_code code) {
    switch (code) {
    case ERR_OK: return 200;
    case ERR_NOT_FOUND: return 404;
    case ERR_INVALID: return 409;
    default: return 503;
    }
}

static void *carry_out(void *arg) {
    struct admin_order *order = arg;
    const struct admin_view *view = order->view;
    struct err err = {0};
    enum err_code code = order->rollback ? view->rollback(view->ctx, order->to, &order->body, &err)
                                         : view->reload(view->ctx, order->dry_run, &order->body, &err);
    order->status = status_of(code);
    if (order->body.len == 0) {
        buf_add_str(&order->body, "{\"detail\":");
        buf_add_json(&order->body, err.text, strlen(err.text));
        buf_add_char(&order->body, '}');
    }
    order->done(order->ctx);
    return NULL;
}

/* Signals are for the main thread. */
enum err_code admin_order_start(struct admin_order *order, struct err *err) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&order->thread, NULL, carry_out, order);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? err_set(err, ERR_SYSTEM, "no thread for it: %s", strerror(failed)) : ERR_OK;
}

void admin_order_join(struct admin_order *order) {
    pthread_join(order->thread, NULL);
}
