#ifndef PLATEIA_SCRIPT_QUARANTINE_H
#define PLATEIA_SCRIPT_QUARANTINE_H

/* quarantine.h -- handlers that are killed again and again are left alone for a while.
 *
 * After each kill a handler pauses for a moment, so that those who waited for it get their turn. Five kills,
 * none ten minutes after the one before, and it rests. When its rest is over one call
 * tries it, while all others are still refused: killed again it rests again, else it is free and nothing is
 * held against it. A quarantine belongs to one edition of the scripts, so a reload lifts it; its handlers are
 * numbers, the same for all who share it. Any thread. Does not know what is killed, nor why. */

#include "../base/err.h"
#include <stddef.h>
#include <stdint.h>

#define QUARANTINE_KILLS 5

struct quarantine;

/* A rest is a pause at least; pause_ns 0: no pause. */
enum err_code quarantine_new(struct quarantine **ret, size_t count, int64_t rest_ns, int64_t pause_ns,
                             struct err *err);
void quarantine_free(struct quarantine *quarantine); /* NULL is fine */

enum quarantine_pass { QUARANTINE_FREE, QUARANTINE_TRIAL, QUARANTINE_RESTS };

/* May it run now? While it rests or pauses, *left_ns says for how long it still does. A NULL quarantine lets
 * all pass.
 */
enum quarantine_pass quarantine_ask(struct quarantine *quarantine, size_t number, int64_t *left_ns);

/* How a call ended that was let in with `pass`. One that was killed: for how long its handler rests from now
 * on; 0 when it does not, or does so already. */
int64_t quarantine_killed(struct quarantine *quarantine, size_t number, enum quarantine_pass pass);
void quarantine_well(struct quarantine *quarantine, size_t number, enum quarantine_pass pass);
void quarantine_dropped(struct quarantine *quarantine, size_t number, enum quarantine_pass pass);

/* How many handlers rest, those that only pause left out; NULL is fine. */
size_t quarantine_resting(const struct quarantine *quarantine);

#endif
