#ifndef PLATEIA_HTTP_ADMIN_ORDER_H
#define PLATEIA_HTTP_ADMIN_ORDER_H

/* admin_order.h -- what an operator asks for that takes its time (a reload, a look into the database),
 * carried out on a thread of its own, so that the listener's goes on answering. Knows nothing of the library
 * that brought it. */

#include "../base/buf.h"
#include "admin.h"
#include <pthread.h>

enum admin_order_kind { ORDER_RELOAD, ORDER_ROLLBACK, ORDER_OUTBOX, ORDER_RETRY };

#define ADMIN_KEY_SIZE 37 /* a UUID */

struct admin_order {
    const struct admin_view *view;
    enum admin_order_kind kind;
    bool dry_run;             /* of a reload */
    unsigned to;              /* of a rollback */
    char key[ADMIN_KEY_SIZE]; /* of a retry: which one */
    bool all;                 /* of a retry: all that were given up */
    void (*done)(void *ctx);  /* in the order's thread, as its last deed */
    void *ctx;
    /* what to answer, once it is done */
    unsigned status;
    struct buf body; /* the owner's, who frees it */
    pthread_t thread;
};

/* `name` of the question, `value` or NULL: takes it into the order. What is wrong with it, or NULL. */
const char *admin_order_take(struct admin_order *order, const char *name, const char *value);
/* What is missing now that all was taken, or NULL. */
const char *admin_order_lacks(const struct admin_order *order);
/* The order stays where it is until it has been joined. */
enum err_code admin_order_start(struct admin_order *order, struct err *err);
void admin_order_join(struct admin_order *order); /* one that was started */

#endif
