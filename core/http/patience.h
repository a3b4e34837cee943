#ifndef PLATEIA_HTTP_PATIENCE_H
#define PLATEIA_HTTP_PATIENCE_H

/* patience.h -- how long a client is waited for, and whether it is still there.
 *
 * All clients of a worker, each in a phase (deadline.h). Whose time is up is cut: its socket is shut down,
 * and the library, which reads there, finds it closed. Who stays in a phase for a while, SEND apart, is
 * watched as well. While a handler waits the library is blind, and it forgets an end that came along with the
 * last bytes.
 *
 * Knows sockets, but neither what is said over them nor who closes them. One thread at a time. */

#include "../base/reactor.h"
#include "deadline.h"

struct client {
    struct deadline deadline; /* first: the queues find us by it */
    struct deadline unwatched;
    struct reactor_watch watch;
    struct patience *patience;
    int fd;
};

struct patience {
    struct reactor *reactor;
    struct deadlines deadlines;
    void (*on_left)(struct client *client);
    int64_t now_ns; /* as of the last look at the clock */
};

struct patience_times {
    int64_t head_ns, body_ns, idle_ns; /* body_ns is also for sending */
};

/* on_left: a client in PHASE_WORK has gone. It is in no phase any more. */
void patience_init(struct patience *patience, struct reactor *reactor, const struct patience_times *times,
                   void (*on_left)(struct client *client));

/* Looks at the clock. Phases begin at the time of the last look, so that a turn's hundred requests cost one:
 * to be called when a turn begins, and after whatever may have taken long. */
void patience_look(struct patience *patience);
/* The same by the thread's own last look, where whoever was called has looked when he was done. */
void patience_recall(struct patience *patience);

/* A client (zeroed) begins in PHASE_HEAD, and must have left before its socket is closed. */
void patience_enter(struct patience *patience, struct client *client, int fd);
void patience_move(struct client *client, enum phase phase);
void patience_leave(struct client *client); /* in no phase is fine */
void patience_cut(struct client *client);   /* leaves, and shuts the socket down */

/* Who has been in the phase longest; NULL when nobody is. */
struct client *patience_first(struct patience *patience, enum phase phase);

/* Cuts all who are in PHASE_IDLE, but whose next request stands unread: they are in PHASE_HEAD then. */
void patience_cut_idle(struct patience *patience);

/* Every now and then: cuts, and begins to watch. The library is to read after it and before the next turn. */
void patience_tick(struct patience *patience);

/* Cuts some of those who have kept a connection without asking for the longest. */
void patience_make_room(struct patience *patience);

#endif
