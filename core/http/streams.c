/* streams.c -- who watches what.
 *
 * A seat travels to the thread as a letter and stays its memory. Seats stand in sixty rows, filled in turn; a
 * sixtieth of the time between pings belongs to each row, so ten thousand pings are never sent at once. A
 * frame goes through all rows: that is some microseconds each, most of them the kernel's. */

#include "streams.h"
#include "../base/clock.h"
#include "../base/mailbox.h"
#include "../base/reactor.h"
#include "../exchange/board.h"
#include "../exchange/request.h"
#include "edges.h"
#include "prologue.h"
#include "viewer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS       60
#define GOODBYE_NS CLOCK_NS_PER_S
/* Clients that lost their stream together shall not come back together. */
#define RETRY_LEAST_MS  1000
#define RETRY_SPREAD_MS 2000

struct channel {
    struct channel *next;
    struct streams *streams;
    struct frame *newest; /* that was shown; NULL: none */
    struct reactor_timer timer;
    int64_t shown_ns[STREAMS_FRAMES]; /* when the last few were */
    size_t shown;                     /* how many in all */
    char name[BOARD_MAX_NAME + 1];
};

struct seat {
    struct mail mail;     /* first */
    struct viewer viewer; /* once its thread has it */
    struct streams *streams;
    struct channel *channel;
    struct seat *next, **at;
    struct frame *prologue; /* until it is sent */
    struct ip ip;
    int fd; /* on its way */
    char name[BOARD_MAX_NAME + 1];
};

struct streams {
    struct streams_options options;
    struct reactor *reactor;
    struct mailbox *mailbox;
    pthread_t thread;
    bool started;
    struct channel *channels;
    struct seat *rows[ROWS];
    unsigned fill_row, ping_row;
    struct frame *ping, *goodbye;
    struct reactor_timer beat, end;
    bool ending;
    struct mail bell, drain_mail, stop_mail;
    _Atomic bool rung, draining;
    _Atomic unsigned taken, told;
    struct meter frames, stuck, talkative;
};

/* ---- seats ---- */

static void free_seat(struct seat *seat) {
    edges_leave(seat->streams->options.edges, &seat->ip);
    atomic_fetch_sub(&seat->streams->taken, 1);
    frame_drop(seat->prologue);
    free(seat);
}

static void end_if_empty(struct streams *streams) {
    for (size_t i = 0; i < ROWS; i++)
        if (streams->rows[i]) return;
    reactor_stop(streams->reactor);
}

static struct seat *seat_of(struct viewer *viewer) {
    return (struct seat *)((char *)viewer - offsetof(struct seat, viewer));
}

static void on_gone(struct viewer *viewer) {
    struct seat *seat = seat_of(viewer);
    struct streams *streams = seat->streams;
    if (viewer->why == VIEWER_STUCK) meter_add(&streams->stuck, 1);
    if (viewer->why == VIEWER_TALKATIVE) meter_add(&streams->talkative, 1);
    viewer_close(viewer);
    *seat->at = seat->next;
    if (seat->next) seat->next->at = seat->at;
    free_seat(seat);
    if (streams->ending) end_if_empty(streams);
}

static void sit(struct streams *streams, struct seat *seat) {
    struct seat **row = &streams->rows[streams->fill_row++ % ROWS];
    seat->next = *row;
    seat->at = row;
    if (seat->next) seat->next->at = &seat->next;
    *row = seat;
}

/* ---- frames ---- */

static void show(struct channel *channel) {
    struct streams *streams = channel->streams;
    for (size_t i = 0; i < ROWS; i++)
        for (struct seat *seat = streams->rows[i], *next; seat; seat = next) {
            next = seat->next;
            if (seat->channel == channel) viewer_offer(&seat->viewer, channel->newest);
        }
}

/* From when on it may show a frame: a second after the fourth from the last. A pause between any two would be
 * simpler, but whoever publishes at the same pace and once out of step would be waited for each time. */
static int64_t due_ns(const struct channel *channel) {
    int64_t fourth_ns = channel->shown_ns[channel->shown % STREAMS_FRAMES];
    return channel->shown < STREAMS_FRAMES ? 0 : fourth_ns + channel->streams->options.window_ns;
}

/* Shows what is new, now or when it may be. */
static void look(void *ctx) {
    struct channel *channel = ctx;
    struct streams *streams = channel->streams;
    struct frame *newest = board_newest(streams->options.board, channel->name);
    int64_t now_ns = clock_ns(), wait_ns = due_ns(channel) - now_ns;
    if (newest == channel->newest || wait_ns > 0) {
        if (newest != channel->newest) reactor_timer_start(streams->reactor, &channel->timer, wait_ns, NULL);
        frame_drop(newest);
        return;
    }
    frame_drop(channel->newest);
    channel->newest = newest;
    channel->shown_ns[channel->shown++ % STREAMS_FRAMES] = now_ns;
    show(channel);
}

static void on_bell(struct mail *mail, bool live) {
    struct streams *streams = (struct streams *)((char *)mail - offsetof(struct streams, bell));
    atomic_store(&streams->rung, false); /* first: whatever is pinned up from now on rings again */
    for (struct channel *channel = streams->channels; live && channel; channel = channel->next)
        look(channel);
}

/* In the publisher's thread. */
static void on_changed(void *ctx) {
    struct streams *streams = ctx;
    if (!atomic_exchange(&streams->rung, true)) mailbox_post(streams->mailbox, &streams->bell);
}

/* One that is new has shown nothing yet. NULL when memory ran out. */
static struct channel *channel_of(struct streams *streams, const char *name) {
    struct channel *channel = streams->channels;
    while (channel && strcmp(channel->name, name) != 0)
        channel = channel->next;
    if (channel || !(channel = calloc(1, sizeof *channel))) return channel;
    channel->streams = streams;
    channel->timer = (struct reactor_timer){.fn = look, .ctx = channel};
    snprintf(channel->name, sizeof channel->name, "%s", name);
    channel->newest = board_newest(streams->options.board, name);
    channel->next = streams->channels;
    streams->channels = channel;
    return channel;
}

/* ---- pings ---- */

static void on_beat(void *ctx) {
    struct streams *streams = ctx;
    reactor_timer_start(streams->reactor, &streams->beat, streams->options.ping_ns / ROWS, NULL);
    for (struct seat *seat = streams->rows[streams->ping_row++ % ROWS], *next; seat; seat = next) {
        next = seat->next;
        viewer_nudge(&seat->viewer, streams->ping);
    }
}

/* ---- coming ---- */

static bool open_seat(struct streams *streams, struct seat *seat) {
    seat->channel = channel_of(streams, seat->name);
    seat->viewer.gone = on_gone;
    seat->viewer.reactor = streams->reactor;
    seat->viewer.frames = &streams->frames;
    return seat->channel && viewer_open(&seat->viewer, seat->fd);
}

static void welcome(struct streams *streams, struct seat *seat) {
    struct frame *prologue = seat->prologue;
    seat->prologue = NULL;
    bool there = viewer_offer(&seat->viewer, prologue);
    frame_drop(prologue);
    if (there && streams->ending)
        viewer_end(&seat->viewer, streams->goodbye);
    else if (there && seat->channel->newest)
        viewer_offer(&seat->viewer, seat->channel->newest);
}

static void on_seat(struct mail *mail, bool live) {
    struct seat *seat = (struct seat *)mail;
    struct streams *streams = seat->streams;
    if (!live || !open_seat(streams, seat)) {
        close(seat->fd);
        free_seat(seat);
        return;
    }
    sit(streams, seat);
    welcome(streams, seat);
}

static struct frame *make_prologue(struct streams *streams, const struct request *req) {
    unsigned told = atomic_fetch_add(&streams->told, 1);
    struct prologue given = {.req = req,
                             .edges = streams->options.edges,
                             .boot = board_boot(streams->options.board),
                             .retry_ms = RETRY_LEAST_MS + told * 617 % RETRY_SPREAD_MS,
                             .wall_ms = clock_wall_ms()};
    return prologue_make(&given);
}

enum err_code streams_reserve(struct streams *streams, const struct request *req, const struct ip *ip,
                              struct seat **ret, struct err *err) {
    struct seat *seat = NULL;
    struct frame *prologue = NULL;
    if (!streams || atomic_load(&streams->draining))
        return err_set(err, ERR_TIMEOUT, "The server is stopping.");
    if (atomic_fetch_add(&streams->taken, 1) >= streams->options.most) {
        atomic_fetch_sub(&streams->taken, 1);
        return err_set(err, ERR_BUSY, "All %u places at the streams are taken.", streams->options.most);
    }
    if (!(seat = calloc(1, sizeof *seat)) || !(prologue = make_prologue(streams, req))) {
        atomic_fetch_sub(&streams->taken, 1);
        free(seat);
        return err_set(err, ERR_NO_MEMORY, "There is no memory for another stream.");
    }
    *seat = (struct seat){.mail = {.deliver = on_seat}, .streams = streams, .prologue = prologue, .ip = *ip};
    snprintf(seat->name, sizeof seat->name, "%s", req->answer.stream);
    *ret = seat;
    return ERR_OK;
}

void streams_seat(struct seat *seat, int fd) {
    seat->fd = fd;
    mailbox_post(seat->streams->mailbox, &seat->mail);
}

void streams_give_up(struct seat *seat) {
    atomic_fetch_sub(&seat->streams->taken, 1);
    frame_drop(seat->prologue);
    free(seat);
}

size_t streams_count(const struct streams *streams) {
    return atomic_load(&streams->taken);
}

void streams_read(const struct streams *streams, struct streams_numbers *ret) {
    *ret = (struct streams_numbers){0};
    if (!streams) return;
    ret->frames = meter_read(&streams->frames);
    ret->stuck = meter_read(&streams->stuck);
    ret->talkative = meter_read(&streams->talkative);
}

/* ---- the end ---- */

static void cut(void *ctx) {
    reactor_stop(((struct streams *)ctx)->reactor);
}

static void on_drain(struct mail *mail, bool live) {
    struct streams *streams = (struct streams *)((char *)mail - offsetof(struct streams, drain_mail));
    if (!live) return;
    for (size_t i = 0; i < ROWS; i++)
        for (struct seat *seat = streams->rows[i], *next; seat; seat = next) {
            next = seat->next;
            viewer_end(&seat->viewer, streams->goodbye);
        }
    streams->ending = true;
    reactor_timer_start(streams->reactor, &streams->end, GOODBYE_NS, NULL);
    end_if_empty(streams);
}

void streams_drain(struct streams *streams) {
    if (!streams || atomic_exchange(&streams->draining, true)) return;
    streams->drain_mail.deliver = on_drain;
    mailbox_post(streams->mailbox, &streams->drain_mail);
}

static void on_stop(struct mail *mail, bool live) {
    struct streams *streams = (struct streams *)((char *)mail - offsetof(struct streams, stop_mail));
    if (live) reactor_stop(streams->reactor);
}

static void *thread_main(void *arg) {
    struct streams *streams = arg;
    reactor_run(streams->reactor);
    return NULL;
}

/* ---- life ---- */

static struct frame *frame_of(const char *text) {
    return frame_new(text, strlen(text));
}

static enum err_code build(struct streams *streams, struct err *err) {
    enum err_code code;
    streams->ping = frame_of(": ping\n\n");
    streams->goodbye = frame_of("event: shutdown\ndata: {}\n\n");
    if (!streams->ping || !streams->goodbye) return err_set(err, ERR_NO_MEMORY, "no memory for streams");
    if ((code = reactor_new(&streams->reactor, err)) != ERR_OK) return code;
    if ((code = mailbox_new(&streams->mailbox, streams->reactor, err)) != ERR_OK) return code;
    code = reactor_timer_start(streams->reactor, &streams->beat, streams->options.ping_ns / ROWS, err);
    if (code != ERR_OK) return code;
    board_watch(streams->options.board, on_changed, streams);
    if (pthread_create(&streams->thread, NULL, thread_main, streams) != 0)
        return err_system(err, "the streams' thread");
    streams->started = true;
    return ERR_OK;
}

enum err_code streams_new(struct streams **ret, const struct streams_options *options, struct err *err) {
    struct streams *streams = calloc(1, sizeof *streams);
    if (!streams) return err_set(err, ERR_NO_MEMORY, "no memory for streams");
    streams->options = *options;
    streams->bell.deliver = on_bell;
    streams->stop_mail.deliver = on_stop;
    streams->beat = (struct reactor_timer){.fn = on_beat, .ctx = streams};
    streams->end = (struct reactor_timer){.fn = cut, .ctx = streams};
    enum err_code code = build(streams, err);
    if (code == ERR_OK)
        *ret = streams;
    else
        streams_free(streams);
    return code;
}

static void free_channels(struct streams *streams) {
    while (streams->channels) {
        struct channel *channel = streams->channels;
        streams->channels = channel->next;
        frame_drop(channel->newest);
        free(channel);
    }
}

static void clear_row(struct seat *seat) {
    while (seat) {
        struct seat *next = seat->next;
        viewer_close(&seat->viewer);
        free_seat(seat);
        seat = next;
    }
}

void streams_free(struct streams *streams) {
    if (!streams) return;
    board_watch(streams->options.board, NULL, NULL);
    if (streams->started) {
        if (!atomic_load(&streams->draining)) mailbox_post(streams->mailbox, &streams->stop_mail);
        pthread_join(streams->thread, NULL);
    }
    mailbox_free(streams->mailbox);
    for (size_t i = 0; i < ROWS; i++)
        clear_row(streams->rows[i]);
    free_channels(streams);
    frame_drop(streams->ping);
    frame_drop(streams->goodbye);
    reactor_free(streams->reactor);
    free(streams);
}
