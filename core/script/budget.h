#ifndef PLATEIA_SCRIPT_BUDGET_H
#define PLATEIA_SCRIPT_BUDGET_H

/* budget.h -- bounds the time that scripts may take: one watchdog for the process, and a seat for each thread
 * that runs Lua.
 *
 * Around each call into Lua stand budget_enter and budget_exit: a few stores, no clock, no call of the
 * system. The watchdog looks at the seats every 20 ms. A call that it finds twice is timed, and once that is
 * over the budget, the thread is signalled; the signal's handler arms a hook of the Lua state, and the next
 * instruction ends the call: by a yield that nothing can catch, or, where no yield is possible (within a
 * callback of a library function, or while scripts load), by an error that the instruction behind whatever
 * catches it raises anew.
 *
 * What counts is the time that others have to wait for it, but never more than twice what the thread has
 * really worked (its CPU clock): so a machine that is busy with something else does not get anybody killed
 * who has used less than half of the budget. A killed coroutine must not be resumed, reset or used again.
 * Between two calls (a script that waits) no time is counted. Knows neither requests nor what becomes of who
 * is killed. */

#include "../base/err.h"
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct budget;
struct budget_seat;

/* The handler of the signal stays for ever. */
enum err_code budget_new(struct budget **ret, struct err *err);
void budget_free(struct budget *budget); /* once all seats are left; NULL is fine */

/* In the thread that will run Lua; a thread has one seat at a time. */
enum err_code budget_sit(struct budget_seat **ret, struct budget *budget, struct err *err);
void budget_leave(struct budget_seat *seat); /* in the same thread; NULL is fine */

/* What runs in L now may take limit_ns; 0: as long as it likes. In the seat's thread. A NULL seat is fine: no
 * budget. */
void budget_enter(struct budget_seat *seat, lua_State *L, int64_t limit_ns);
/* True when it was killed, whatever the call says of itself. */
bool budget_exit(struct budget_seat *seat);

/* "scripts/x.lua:12" where time ran out for the one that was killed last; valid until the next is. */
const char *budget_place(const struct budget_seat *seat);

#endif
