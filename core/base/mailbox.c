/* mailbox.c -- letters from any thread to a reactor's.
 *
 * A list under a lock and an eventfd. Only the letter that finds the box empty rings, so a burst costs one
 * wakeup. The reactor takes the whole list at once and delivers it without the lock: a letter may post
 * another (it comes with the next turn) or even close the box it came from. */

#include "mailbox.h"
#include "reactor.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct letters {
    struct mail *first, **last; /* last: where the next one hangs */
};

struct mailbox {
    struct reactor *reactor;
    struct reactor_watch bell;
    int fd;
    pthread_mutex_t lock;
    struct letters inbox; /* guarded by lock */
    struct mail *taken;   /* the reactor's: being delivered in this turn */
    bool delivering, closed;
};

static void ring(struct mailbox *mailbox) {
    uint64_t one = 1;
    while (write(mailbox->fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

static struct mail *take_inbox(struct mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    struct mail *first = mailbox->inbox.first;
    mailbox->inbox = (struct letters){.last = &mailbox->inbox.first};
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}

static struct mail *next_taken(struct mailbox *mailbox) {
    struct mail *mail = mailbox->taken;
    if (mail) mailbox->taken = mail->next;
    return mail;
}

static void on_bell(void *ctx, uint32_t events) {
    (void)events;
    struct mailbox *mailbox = ctx;
    uint64_t rung;
    while (read(mailbox->fd, &rung, sizeof(rung)) < 0 && errno == EINTR)
        continue;
    mailbox->taken = take_inbox(mailbox); /* after the read: whoever posts from now on rings again */

    mailbox->delivering = true;
    struct mail *mail;
    while ((mail = next_taken(mailbox)))
        mail->deliver(mail, true);
    mailbox->delivering = false;
    if (mailbox->closed) free(mailbox);
}

enum err_code mailbox_new(struct mailbox **ret, struct reactor *reactor, struct err *err) {
    struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
    if (!mailbox) return err_set(err, ERR_NO_MEMORY, "no memory for a mailbox");
    mailbox->reactor = reactor;
    mailbox->bell = (struct reactor_watch){.fn = on_bell, .ctx = mailbox};
    mailbox->inbox.last = &mailbox->inbox.first;
    pthread_mutex_init(&mailbox->lock, NULL);
    enum err_code code = ERR_OK;
    mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->fd < 0)
        code = err_system(err, "eventfd");
    else
        code = reactor_watch_add(reactor, &mailbox->bell, mailbox->fd, EPOLLIN, err);
    if (code == ERR_OK)
        *ret = mailbox;
    else
        mailbox_free(mailbox);
    return code;
}

void mailbox_free(struct mailbox *mailbox) {
    if (!mailbox) return;
    struct mail *mail;
    while ((mail = next_taken(mailbox)))
        mail->deliver(mail, false);
    mailbox->taken = take_inbox(mailbox);
    while ((mail = next_taken(mailbox)))
        mail->deliver(mail, false);

    reactor_watch_remove(mailbox->reactor, &mailbox->bell);
    if (mailbox->fd >= 0) close(mailbox->fd);
    pthread_mutex_destroy(&mailbox->lock);
    mailbox->closed = true;
    if (!mailbox->delivering) free(mailbox); /* else a letter called us, and on_bell frees it */
}

void mailbox_post(struct mailbox *mailbox, struct mail *mail) {
    mail->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = !mailbox->inbox.first;
    *mailbox->inbox.last = mail;
    mailbox->inbox.last = &mail->next;
    if (was_empty) ring(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
}
