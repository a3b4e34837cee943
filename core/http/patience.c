/* patience.c -- cutting who takes too long, and watching for who has gone. */

#include "patience.h"
#include "../base/clock.h"
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* An ordinary head or body is there at once, and an ordinary answer soon: they are never watched. */
#define WATCH_AFTER_NS (100 * CLOCK_NS_PER_MS)
/* To make room: how many are cut at a time, and how long they have idled at least. */
#define ROOM          32
#define IDLE_LEAST_NS (500 * CLOCK_NS_PER_MS)

void patience_init(struct patience *patience, struct reactor *reactor, const struct patience_times *times,
                   void (*on_left)(struct client *client)) {
    int64_t *allowed_ns = patience->deadlines.allowed_ns;
    patience->reactor = reactor;
    patience->on_left = on_left;
    patience_look(patience);
    deadline_init(&patience->deadlines);
    allowed_ns[PHASE_HEAD] = times->head_ns;
    allowed_ns[PHASE_BODY] = allowed_ns[PHASE_SEND] = times->body_ns;
    allowed_ns[PHASE_IDLE] = times->idle_ns;
    allowed_ns[PHASE_UNWATCHED] = WATCH_AFTER_NS;
}

void patience_look(struct patience *patience) {
    patience->now_ns = clock_ns();
}

void patience_recall(struct patience *patience) {
    patience->now_ns = clock_recent_ns();
}

/* ---- phases ---- */

void patience_move(struct client *client, enum phase phase) {
    struct deadlines *deadlines = &client->patience->deadlines;
    int64_t now_ns = client->patience->now_ns;
    patience_leave(client);
    deadline_enter(deadlines, &client->deadline, phase, now_ns);
    if (phase != PHASE_SEND) deadline_enter(deadlines, &client->unwatched, PHASE_UNWATCHED, now_ns);
}

void patience_enter(struct patience *patience, struct client *client, int fd) {
    client->patience = patience;
    client->fd = fd;
    patience_move(client, PHASE_HEAD);
}

void patience_leave(struct client *client) {
    reactor_watch_remove(client->patience->reactor, &client->watch);
    deadline_leave(&client->unwatched);
    deadline_leave(&client->deadline);
}

void patience_cut(struct client *client) {
    patience_leave(client);
    shutdown(client->fd, SHUT_RDWR);
}

void patience_cut_idle(struct patience *patience) {
    struct client *idle;
    char byte;
    while ((idle = patience_first(patience, PHASE_IDLE)))
        if (recv(idle->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            patience_move(idle, PHASE_HEAD);
        else
            patience_cut(idle);
}

struct client *patience_first(struct patience *patience, enum phase phase) {
    return (struct client *)deadline_first(&patience->deadlines, phase);
}

/* ---- watching ---- */

static struct client *client_of(struct deadline *unwatched) {
    return (struct client *)((char *)unwatched - offsetof(struct client, unwatched));
}

static bool has_unread(const struct client *client) {
    char byte;
    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* What was sent before the end may still make a request whole: it is read first, and we look again later. */
static void on_end(void *ctx, uint32_t events) {
    struct client *client = ctx;
    struct patience *patience = client->patience;
    (void)events;
    if (client->deadline.phase == PHASE_WORK) {
        patience_leave(client);
        patience->on_left(client);
    } else if (has_unread(client)) {
        reactor_watch_remove(patience->reactor, &client->watch);
        deadline_enter(&patience->deadlines, &client->unwatched, PHASE_UNWATCHED, clock_ns());
    } else {
        patience_cut(client);
    }
}

/* Without memory to watch, the phase just lasts until its deadline. */
static void watch(struct client *client) {
    deadline_leave(&client->unwatched);
    client->watch.fn = on_end;
    client->watch.ctx = client;
    reactor_watch_add(client->patience->reactor, &client->watch, client->fd, EPOLLRDHUP, NULL);
}

/* ---- time goes by ---- */

void patience_tick(struct patience *patience) {
    static const enum phase limited[] = {PHASE_HEAD, PHASE_BODY, PHASE_SEND, PHASE_IDLE};
    struct deadlines *deadlines = &patience->deadlines;
    struct deadline *due;
    patience_look(patience);
    int64_t now_ns = patience->now_ns;
    for (size_t i = 0; i < sizeof(limited) / sizeof(*limited); i++)
        while ((due = deadline_due(deadlines, limited[i], now_ns)))
            patience_cut((struct client *)due);
    while ((due = deadline_due(deadlines, PHASE_UNWATCHED, now_ns)))
        watch(client_of(due));
}

void patience_make_room(struct patience *patience) {
    int64_t since_ns = clock_ns() - IDLE_LEAST_NS + patience->deadlines.allowed_ns[PHASE_IDLE];
    for (int i = 0; i < ROOM; i++) {
        struct client *idle = patience_first(patience, PHASE_IDLE);
        if (!idle || idle->deadline.due_ns > since_ns) return;
        patience_cut(idle);
    }
}
