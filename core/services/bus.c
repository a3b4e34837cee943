/* bus.c -- a queue for each name under one lock.
 *
 * The bell is a letter of the bus's own, posted when the queues were empty: however many events follow before
 * the reader comes, it is woken once. It is allocated for each ring, because the reader may leave while one
 * is on its way; then the letter finds that its turn is over (`rings`) and does nothing. */

#include "bus.h"
#include "../base/mailbox.h"
#include "../base/meter.h"
#include "../base/text.h"
#include "crypto.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH  16
#define MARK_BYTES 8 /* random: two processes do not share it */

struct queue {
    char name[BUS_MAX_NAME + 1];
    struct bus_event *first, **last;
    size_t waiting;
    struct meter published, dropped;
    struct meter lost; /* by the reader, and counted in its thread */
};

struct bus {
    char mark[MARK_BYTES * 2 + 1];
    struct bus_subscription *subscriptions; /* constant while anyone publishes */
    pthread_mutex_t lock;                   /* guards all below */
    struct queue queues[BUS_NAMES];
    _Atomic size_t queue_count; /* a queue is whole before it is counted: names are read without the lock */
    struct mailbox *mailbox;    /* NULL: no reader */
    void (*arrived)(void *ctx);
    void *ctx;
    struct ring *ring; /* on its way; NULL: none */
    struct bus_counts counts;
};

struct ring {
    struct mail mail; /* first */
    struct bus *bus;  /* NULL: the reader has left */
};

enum err_code bus_new(struct bus **ret, struct err *err) {
    unsigned char random[MARK_BYTES];
    struct bus *bus = calloc(1, sizeof *bus);
    if (!bus) return err_set(err, ERR_NO_MEMORY, "no memory for the bus");
    pthread_mutex_init(&bus->lock, NULL);
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(bus->mark + 2 * i, 3, "%02x", random[i]);
    *ret = bus;
    return ERR_OK;
}

static void free_events(struct bus_event *event) {
    while (event) {
        struct bus_event *next = event->next;
        free(event);
        event = next;
    }
}

void bus_free(struct bus *bus) {
    if (!bus) return;
    bus_unread(bus);
    pthread_mutex_destroy(&bus->lock);
    free(bus);
}

void bus_subscribe(struct bus *bus, struct bus_subscription *subscription) {
    subscription->next = bus->subscriptions;
    bus->subscriptions = subscription;
}

/* ---- the reader's bell ---- */

static void on_ring(struct mail *mail, bool live) {
    struct ring *ring = (struct ring *)mail;
    struct bus *bus = ring->bus;
    free(ring);
    if (!bus) return;
    pthread_mutex_lock(&bus->lock);
    bus->ring = NULL;
    void (*arrived)(void *) = live ? bus->arrived : NULL;
    void *ctx = bus->ctx;
    pthread_mutex_unlock(&bus->lock);
    if (arrived) arrived(ctx);
}

/* Should there be no memory for the bell, the next event rings. */
static void ring(struct bus *bus) {
    if (bus->ring || !(bus->ring = malloc(sizeof *bus->ring))) return;
    *bus->ring = (struct ring){.mail = {.deliver = on_ring}, .bus = bus};
    mailbox_post(bus->mailbox, &bus->ring->mail);
}

void bus_read(struct bus *bus, struct mailbox *mailbox, void (*arrived)(void *ctx), void *ctx) {
    pthread_mutex_lock(&bus->lock);
    bus->mailbox = mailbox;
    bus->arrived = arrived;
    bus->ctx = ctx;
    pthread_mutex_unlock(&bus->lock);
}

struct bus_event *bus_take(struct bus *bus) {
    struct bus_event *all = NULL, **at = &all;
    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < bus->queue_count; i++) {
        struct queue *queue = &bus->queues[i];
        if (!queue->first) continue;
        *at = queue->first;
        at = queue->last;
        queue->first = NULL;
        queue->last = &queue->first;
        queue->waiting = 0;
    }
    pthread_mutex_unlock(&bus->lock);
    return all;
}

void bus_unread(struct bus *bus) {
    pthread_mutex_lock(&bus->lock);
    bus->mailbox = NULL;
    bus->arrived = NULL;
    if (bus->ring) bus->ring->bus = NULL;
    bus->ring = NULL;
    pthread_mutex_unlock(&bus->lock);
    free_events(bus_take(bus));
}

/* ---- publishing ---- */

static struct queue *find_queue(struct bus *bus, const char *name, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(bus->queues[i].name, name) == 0) return &bus->queues[i];
    return NULL;
}

/* The name's queue, made when the name is new; NULL when there are too many names. */
static struct queue *queue_of(struct bus *bus, const char *name) {
    size_t count = bus->queue_count;
    struct queue *queue = find_queue(bus, name, count);
    if (queue || count == BUS_NAMES) return queue;
    queue = &bus->queues[count];
    snprintf(queue->name, sizeof queue->name, "%s", name);
    queue->last = &queue->first;
    atomic_store_explicit(&bus->queue_count, count + 1, memory_order_release);
    return queue;
}

static void drop_oldest(struct bus *bus, struct queue *queue) {
    struct bus_event *oldest = queue->first;
    queue->first = oldest->next;
    queue->waiting--;
    bus->counts.dropped++;
    meter_add(&queue->dropped, 1);
    free(oldest);
}

/* Never the last one, as BUS_WAITING is more than one. */
static void append(struct bus *bus, struct queue *queue, struct bus_event *event) {
    if (queue->waiting == BUS_WAITING) drop_oldest(bus, queue);
    *queue->last = event;
    queue->last = &event->next;
    queue->waiting++;
    ring(bus);
}

static struct bus_event *event_new(const char *name, const char *text, size_t len) {
    struct bus_event *event = malloc(sizeof *event + len + 1);
    if (!event) return NULL;
    char *copy = (char *)(event + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    *event = (struct bus_event){.text = copy, .len = len};
    snprintf(event->name, sizeof event->name, "%s", name);
    return event;
}

static enum err_code check(const char *name, const char *text, size_t len, struct err *err) {
    size_t name_len = strnlen(name, BUS_MAX_NAME + 1);
    if (name_len == 0 || name_len > BUS_MAX_NAME || strpbrk(name, " \n"))
        return err_set(err, ERR_INVALID, "the name of an event is one word of up to %d bytes", BUS_MAX_NAME);
    if (len > BUS_MAX_TEXT)
        return err_set(err, ERR_LIMIT, "event %s: %zu bytes are more than %d", name, len, BUS_MAX_TEXT);
    if (memchr(text, '\n', len) || memchr(text, '\0', len))
        return err_set(err, ERR_INVALID, "event %s: its text is one line", name);
    return ERR_OK;
}

static enum err_code enqueue(struct bus *bus, const char *name, struct bus_event *event, struct err *err) {
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&bus->lock);
    struct queue *queue = queue_of(bus, name);
    if (!queue)
        code = err_set(err, ERR_LIMIT, "event %s: a process knows %d names of events", name, BUS_NAMES);
    else
        bus->counts.published++, meter_add(&queue->published, 1);
    bool wanted = queue && bus->mailbox;
    if (wanted) append(bus, queue, event);
    pthread_mutex_unlock(&bus->lock);
    if (!wanted) free(event);
    return code;
}

enum err_code bus_publish(struct bus *bus, const char *name, const char *text, size_t len, struct err *err) {
    enum err_code code = check(name, text, len, err);
    if (code != ERR_OK) return code;
    struct bus_event *event = event_new(name, text, len);
    if (!event) return err_set(err, ERR_NO_MEMORY, "no memory for an event");
    if ((code = enqueue(bus, name, event, err)) != ERR_OK) return code;
    for (struct bus_subscription *each = bus->subscriptions; each; each = each->next)
        each->heard(each->ctx, name, text, len);
    return ERR_OK;
}

void bus_count(struct bus *bus, struct bus_counts *ret) {
    pthread_mutex_lock(&bus->lock);
    *ret = bus->counts;
    pthread_mutex_unlock(&bus->lock);
}

void bus_lost(struct bus *bus, const char *name, uint64_t count) {
    size_t names = atomic_load_explicit(&bus->queue_count, memory_order_acquire);
    struct queue *queue = find_queue(bus, name, names);
    if (queue) meter_add(&queue->lost, count);
}

size_t bus_read_numbers(const struct bus *bus, struct bus_number ret[BUS_NAMES]) {
    size_t count = atomic_load_explicit(&bus->queue_count, memory_order_acquire);
    for (size_t i = 0; i < count; i++) {
        const struct queue *queue = &bus->queues[i];
        ret[i] = (struct bus_number){.name = queue->name,
                                     .published = meter_read(&queue->published),
                                     .dropped = meter_read(&queue->dropped) + meter_read(&queue->lost)};
    }
    return count;
}

/* ---- letters: "mark name text" ---- */

void bus_letter(const struct bus *bus, const char *name, const char *text, size_t len, struct buf *ret) {
    buf_addf(ret, "%s %s ", bus->mark, name);
    buf_add(ret, text, len);
}

enum err_code bus_hear(struct bus *bus, const char *letter, struct err *err) {
    char name[BUS_MAX_NAME + 1];
    size_t mark = strcspn(letter, " ");
    const char *from = letter + mark + (letter[mark] == ' ');
    size_t len = strcspn(from, " ");
    if (mark != sizeof bus->mark - 1 || from[len] != ' ' || len > BUS_MAX_NAME)
        return err_set(err, ERR_INVALID, "a notification that is no event");
    if (memcmp(letter, bus->mark, mark) == 0) return err_set(err, ERR_EXISTS, "an event of our own");
    memcpy(name, from, len);
    name[len] = '\0';
    const char *text = from + len + 1;
    size_t text_len = strlen(text);
    bool object = text_len >= 2 && text[0] == '{' && text[text_len - 1] == '}';
    if (!object || text_json_problem(text, text_len, MAX_DEPTH))
        return err_set(err, ERR_INVALID, "a notification of %s that is no JSON object", name);
    return bus_publish(bus, name, text, text_len, err);
}
