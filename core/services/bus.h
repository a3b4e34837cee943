#ifndef PLATEIA_SERVICES_BUS_H
#define PLATEIA_SERVICES_BUS_H

/* bus.h -- what happened, told to whoever wants to know: one bus a process.
 *
 * An event is a name and a line of text (JSON to those who make and read it, nothing to the bus). Subscribers
 * are C functions called at once, in the publisher's thread. Beside them there is one reader, a thread with a
 * mailbox, for which events are queued: bounded for each name, so that a storm of one event costs that
 * event's oldest and nobody else's. Without a reader nothing is queued.
 *
 * Between processes an event travels as a letter, which carries its sender's mark, so that a process knows
 * its own. bus_publish, bus_letter and bus_hear: any thread. The rest: as said. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;
struct mailbox;

#define BUS_WAITING  16384 /* events of one name that wait for the reader */
#define BUS_NAMES    64    /* different names a process */
#define BUS_MAX_NAME 63
#define BUS_MAX_TEXT 7900 /* one event; so that its letter is under PostgreSQL's 8000 bytes of payload */

enum err_code bus_new(struct bus **ret, struct err *err);
void bus_free(struct bus *bus); /* NULL is fine; no one publishes or reads any more */

struct bus_subscription {
    void (*heard)(void *ctx, const char *name, const char *text, size_t len);
    void *ctx;
    /* private */
    struct bus_subscription *next;
};
/* The caller's memory until bus_free; before anyone publishes. `heard` must not publish. */
void bus_subscribe(struct bus *bus, struct bus_subscription *subscription);

/* ERR_INVALID for a name or a line that is none, ERR_LIMIT for what is beyond the bounds: nobody hears it. */
enum err_code bus_publish(struct bus *bus, const char *name, const char *text, size_t len, struct err *err);

/* One event as the reader gets it: one block of memory, `name` and `text` included (the text ends with NUL).
 */
struct bus_event {
    struct bus_event *next;
    const char *text;
    size_t len;
    char name[BUS_MAX_NAME + 1];
};

/* From now on events are queued, and `arrived` is called in the mailbox's thread, once for whatever has
 * gathered. One reader at a time; bus_unread before its mailbox goes. */
void bus_read(struct bus *bus, struct mailbox *mailbox, void (*arrived)(void *ctx), void *ctx);
void bus_unread(struct bus *bus); /* in the reader's thread; not reading is fine */
/* Everything queued, in the order of publishing among events of one name; free() each. */
struct bus_event *bus_take(struct bus *bus);

/* Appends the event as other processes get it. */
void bus_letter(const struct bus *bus, const char *name, const char *text, size_t len, struct buf *ret);
/* Publishes what a letter holds. ERR_EXISTS: it was our own, and nothing was done; ERR_INVALID: it is none.
 */
enum err_code bus_hear(struct bus *bus, const char *letter, struct err *err);

struct bus_counts {
    uint64_t published, dropped;
};
void bus_count(struct bus *bus, struct bus_counts *ret);

/* The reader could not take that many events of a name, and lost them; in the reader's thread. */
void bus_lost(struct bus *bus, const char *name, uint64_t count);

/* What became of the events of each name. Any thread; waits for nobody. */
struct bus_number {
    const char *name; /* the bus's */
    uint64_t published;
    uint64_t dropped; /* by the bus, as its reader was too slow, or by the reader */
};
/* Returns how many names there are. */
size_t bus_read_numbers(const struct bus *bus, struct bus_number ret[BUS_NAMES]);

#endif
