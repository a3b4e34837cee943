#ifndef PLATEIA_HTTP_VIEWER_H
#define PLATEIA_HTTP_VIEWER_H

/* viewer.h -- one client of a stream: a socket, the frame that is being sent and how far, and the next one.
 *
 * There is never more than that: who reads slowly finds at the end of a frame the newest one, so it sees
 * fewer states and newer ones, and costs no more than who reads fast. What a client says is read and thrown
 * away: a request that it sent behind the one that became the stream gets no answer. In its reactor's thread.
 * Knows sockets; neither who else is there nor what is said. */

#include "../base/meter.h"
#include "../base/reactor.h"
#include "../exchange/board.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why one is there no more, for whoever counts. */
enum viewer_end {
    VIEWER_LEFT,     /* of its own */
    VIEWER_STUCK,    /* it read nothing for two minutes, or its host is gone without a word */
    VIEWER_TALKATIVE /* it said more than anybody has to say to a stream */
};

struct viewer {
    void (*gone)(struct viewer *viewer); /* it has left, or must: viewer_close is to follow */
    struct reactor *reactor;
    struct meter *frames; /* rises with each frame that was sent whole; of the reactor's thread */
    enum viewer_end why;  /* when `gone` is called */
    /* private */
    struct reactor_watch watch;
    struct frame *frame, *next; /* NULL: none */
    size_t sent;                /* of frame */
    uint32_t heard;             /* bytes that were thrown away */
    bool blocked;               /* the socket takes no more for now */
    bool last;                  /* after `next` there is nothing more */
};

/* `gone`, `reactor` and `frames` are set, the rest zeroed. Takes the connected socket; false: nothing was
 * done. */
bool viewer_open(struct viewer *viewer, int fd);
void viewer_close(struct viewer *viewer); /* of one that is open: closes the socket, drops the frames */

/* Shows a frame: at once, or as soon as there is room, unless a newer one has come by then. false, as for
 * those below: it is not there any more, and `gone` was called. */
bool viewer_offer(struct viewer *viewer, struct frame *frame);
/* The same, if it has nothing else to read. */
bool viewer_nudge(struct viewer *viewer, struct frame *frame);
/* A last frame, and then the end of what we say; the client is gone when it has closed as well. */
bool viewer_end(struct viewer *viewer, struct frame *frame);

#endif
