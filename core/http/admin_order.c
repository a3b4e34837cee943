/* admin_order.c -- what is ordered is the view's affair; here it gets a thread and a status. */

#include "admin_order.h"
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- the question ---- */

/* "7"; 0 where it is no number of a generation. */
static unsigned number_of(const char *text) {
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len) return 0;
    unsigned long number = strtoul(text, NULL, 10);
    return number > UINT_MAX ? 0 : (unsigned)number;
}

static bool is_key(const char *text) {
    size_t len = text ? strlen(text) : 0;
    return len == ADMIN_KEY_SIZE - 1 && strspn(text, "0123456789abcdefABCDEF-") == len;
}

/* "1", or nothing, or "0". */
static bool take_switch(bool *ret, const char *value) {
    *ret = !value || strcmp(value, "1") == 0;
    return *ret || strcmp(value, "0") == 0;
}

static const char *take_retry(struct admin_order *order, const char *name, const char *value) {
    if (strcmp(name, "all") == 0) return take_switch(&order->all, value) ? NULL : "all is 1 or 0.";
    if (strcmp(name, "key") != 0) return "A retry takes ?key=KEY or ?all=1 and nothing else.";
    if (!is_key(value)) return "key is that of a row, as GET /outbox lists them.";
    memcpy(order->key, value, sizeof order->key);
    return NULL;
}

/* A word that is not understood is refused: with ?dryrun=1 nobody wants to find the reload done. */
const char *admin_order_take(struct admin_order *order, const char *name, const char *value) {
    switch (order->kind) {
    case ORDER_RELOAD:
        if (strcmp(name, "dry_run") != 0) return "A reload takes ?dry_run=1 and nothing else.";
        return take_switch(&order->dry_run, value) ? NULL : "dry_run is 1 or 0.";
    case ORDER_ROLLBACK:
        if (strcmp(name, "to") != 0) return "A rollback takes ?to=N and nothing else.";
        order->to = number_of(value);
        return order->to ? NULL : "to is the number of a generation: ?to=7.";
    case ORDER_RETRY: return take_retry(order, name, value);
    case ORDER_OUTBOX: return "The outbox is asked for without a question.";
    }
    return NULL;
}

const char *admin_order_lacks(const struct admin_order *order) {
    if (order->kind != ORDER_RETRY || order->all != (*order->key != '\0')) return NULL;
    return "Say which one, ?key=KEY, or all that were given up, ?all=1.";
}

/* ---- the deed ---- */

static unsigned status_of(enum err_code code) {
    switch (code) {
    case ERR_OK: return 200;
    case ERR_NOT_FOUND: return 404;
    case ERR_INVALID: return 409;
    default: return 503;
    }
}

static enum err_code obey(struct admin_order *order, struct err *err) {
    const struct admin_view *view = order->view;
    switch (order->kind) {
    case ORDER_RELOAD: return view->reload(view->ctx, order->dry_run, &order->body, err);
    case ORDER_ROLLBACK: return view->rollback(view->ctx, order->to, &order->body, err);
    case ORDER_OUTBOX: return view->outbox(view->ctx, &order->body, err);
    case ORDER_RETRY: return view->outbox_retry(view->ctx, order->all ? NULL : order->key, &order->body, err);
    }
    return err_set(err, ERR_INVALID, "no such order");
}

static void *carry_out(void *arg) {
    struct admin_order *order = arg;
    struct err err = {0};
    order->status = status_of(obey(order, &err));
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
