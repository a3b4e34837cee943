#ifndef PLATEIA_HTTP_STREAMS_H
#define PLATEIA_HTTP_STREAMS_H

/* streams.h -- the thread that shows the board's frames to those who watch, for as long as they do.
 *
 * A connection whose request was answered with a stream leaves the daemon that read it and comes here: a
 * crowd that only listens costs the loops that serve nothing. Everybody gets the prologue and the newest
 * frame at once, whatever its last id was, and then each frame as it comes, but so many a second at most: of
 * what is published in between the newest is shown. Knows sockets and frames; no library, no scripts, no
 * database. Any thread, but streams_new and streams_free: main's. */

#include "../base/err.h"
#include "ip.h"
#include <stddef.h>
#include <stdint.h>

struct board;
struct edges;
struct request;
struct seat;
struct streams;

#define STREAMS_FRAMES 4

struct streams_options {
    struct board *board;
    struct edges *edges; /* an address's count goes on while it watches; NULL: no limits of that kind */
    unsigned most;       /* how many may watch at once */
    int64_t window_ns;   /* in which a stream shows STREAMS_FRAMES at most */
    int64_t ping_ns;     /* how often everybody gets a word, so that nobody between believes it dead */
};

/* Starts the thread. */
enum err_code streams_new(struct streams **ret, const struct streams_options *options, struct err *err);
/* After streams_drain: once all are gone, or the second is over; else cuts whoever watches. No one may be
 * seated any more. NULL is fine. */
void streams_free(struct streams *streams);

/* A place for the client of this request. ERR_BUSY: all are taken; ERR_TIMEOUT: the server is stopping. */
enum err_code streams_reserve(struct streams *streams, const struct request *req, const struct ip *ip,
                              struct seat **ret, struct err *err);
/* Takes the socket, and with it what edges_enter has counted. */
void streams_seat(struct seat *seat, int fd);
void streams_give_up(struct seat *seat); /* nobody comes */

/* Says goodbye to everybody: the event `shutdown`. Who has not closed within a second is cut. */
void streams_drain(struct streams *streams);

size_t streams_count(const struct streams *streams); /* how many places are taken */

/* What was sent so far, and who was put out; any thread, waits for nobody. NULL has nothing. */
struct streams_numbers {
    uint64_t frames;           /* sent whole: first words, events, pings */
    uint64_t stuck, talkative; /* viewers, see viewer.h */
};
void streams_read(const struct streams *streams, struct streams_numbers *ret);

#endif
