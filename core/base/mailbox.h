#ifndef PLATEIA_BASE_MAILBOX_H
#define PLATEIA_BASE_MAILBOX_H

/* mailbox.h -- how another thread reaches a reactor: letters, delivered in that reactor's thread, in order.
 *
 * A letter is the sender's memory with a `struct mail` in it; posting hands it over, and its deliver function
 * frees it. When the mailbox closes, letters still in it are delivered with live = false: free, do no work.
 * Posting never fails and never blocks for longer than a list append. */

#include "err.h"
#include <stdbool.h>

struct mailbox;
struct reactor;

struct mail {
    void (*deliver)(struct mail *mail, bool live);
    /* private */
    struct mail *next;
};

enum err_code mailbox_new(struct mailbox **ret, struct reactor *reactor, struct err *err);
/* No one may post any more. In the reactor's thread (a letter may do it) or after its end; before
 * reactor_free. */
void mailbox_free(struct mailbox *mailbox);
void mailbox_post(struct mailbox *mailbox, struct mail *mail); /* any thread */

#endif
