/* viewer.c -- sending as much as the socket takes, and noticing when nobody is there.
 *
 * The kernel's buffer is made small: what stands in it is old by the time a slow client reads it, and ten
 * thousand large ones would be gigabytes. A client that takes nothing for two minutes, or whose host is gone
 * without a word, is given up by the kernel. */

#include "viewer.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BUFFER   (16 << 10)
#define STUCK_MS      120000
#define HEARD_MOST    (64u << 10) /* nobody has that much to say to a stream */
#define EVENTS_ALWAYS (EPOLLIN | EPOLLRDHUP)

static void prepare(int fd) {
    int yes = 1, room = SEND_BUFFER, stuck_ms = STUCK_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stuck_ms, sizeof stuck_ms);
}

/* ---- sending ---- */

/* `gone` is to follow. */
static bool lost(struct viewer *viewer, enum viewer_end why) {
    viewer->why = why;
    return false;
}

static void next_frame(struct viewer *viewer) {
    frame_drop(viewer->frame);
    viewer->frame = viewer->next;
    viewer->next = NULL;
    viewer->sent = 0;
}

static bool set_blocked(struct viewer *viewer, bool blocked) {
    uint32_t events = EVENTS_ALWAYS | (blocked ? (uint32_t)EPOLLOUT : 0);
    if (viewer->blocked == blocked) return true;
    viewer->blocked = blocked;
    return reactor_watch_change(viewer->reactor, &viewer->watch, events, NULL) == ERR_OK;
}

/* false: it cannot be reached any more. */
static bool send_some(struct viewer *viewer) {
    const struct frame *frame = viewer->frame;
    ssize_t sent = send(viewer->watch.fd, frame->bytes + viewer->sent, frame->len - viewer->sent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) return true;
    if (sent < 0 && errno == ETIMEDOUT) return lost(viewer, VIEWER_STUCK);
    if (sent < 0) return (errno == EAGAIN || errno == EWOULDBLOCK) && set_blocked(viewer, true);
    viewer->sent += (size_t)sent;
    if (viewer->sent < frame->len) return true;
    meter_add(viewer->frames, 1);
    next_frame(viewer);
    return true;
}

static bool go_on(struct viewer *viewer) {
    bool fine = set_blocked(viewer, false);
    while (fine && viewer->frame && !viewer->blocked)
        fine = send_some(viewer);
    if (!fine)
        viewer->gone(viewer);
    else if (!viewer->frame && viewer->last)
        shutdown(viewer->watch.fd, SHUT_WR);
    return fine;
}

static bool put_next(struct viewer *viewer, struct frame *frame) {
    frame_drop(viewer->next);
    viewer->next = frame_hold(frame);
    if (viewer->frame) return true;
    next_frame(viewer);
    return go_on(viewer);
}

bool viewer_offer(struct viewer *viewer, struct frame *frame) {
    return viewer->last || put_next(viewer, frame);
}

bool viewer_nudge(struct viewer *viewer, struct frame *frame) {
    return viewer->last || viewer->frame || put_next(viewer, frame);
}

bool viewer_end(struct viewer *viewer, struct frame *frame) {
    if (viewer->last) return true;
    viewer->last = true;
    return put_next(viewer, frame);
}

/* ---- listening ---- */

/* false: it has left, or talks too much. */
static bool listen_to(struct viewer *viewer) {
    char ignored[4096];
    ssize_t got = recv(viewer->watch.fd, ignored, sizeof ignored, MSG_DONTWAIT);
    if (got < 0 && errno == ETIMEDOUT) return lost(viewer, VIEWER_STUCK);
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    viewer->heard += (uint32_t)got;
    if (viewer->heard > HEARD_MOST) return lost(viewer, VIEWER_TALKATIVE);
    return got > 0;
}

/* The kernel says once why it gave the connection up. */
static void note_error(struct viewer *viewer) {
    int problem = 0;
    socklen_t len = sizeof problem;
    getsockopt(viewer->watch.fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    if (problem == ETIMEDOUT) viewer->why = VIEWER_STUCK;
}

static void on_events(void *ctx, uint32_t events) {
    struct viewer *viewer = ctx;
    bool there = !(events & (EPOLLERR | EPOLLHUP));
    if (!there) note_error(viewer);
    if (there && events & EVENTS_ALWAYS) there = listen_to(viewer);
    if (!there)
        viewer->gone(viewer);
    else if (events & EPOLLOUT)
        go_on(viewer);
}

/* ---- life ---- */

bool viewer_open(struct viewer *viewer, int fd) {
    viewer->watch.fn = on_events;
    viewer->watch.ctx = viewer;
    if (reactor_watch_add(viewer->reactor, &viewer->watch, fd, EVENTS_ALWAYS, NULL) != ERR_OK) return false;
    prepare(fd);
    return true;
}

void viewer_close(struct viewer *viewer) {
    reactor_watch_remove(viewer->reactor, &viewer->watch);
    close(viewer->watch.fd);
    frame_drop(viewer->frame);
    frame_drop(viewer->next);
}
