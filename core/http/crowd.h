#ifndef PLATEIA_HTTP_CROWD_H
#define PLATEIA_HTTP_CROWD_H

/* crowd.h -- how many connections each address has open, over all workers. Any thread. */

#include "../base/err.h"
#include "ip.h"

struct crowd;

enum err_code crowd_new(struct crowd **ret, unsigned most, struct err *err);
void crowd_free(struct crowd *crowd); /* NULL is fine; nobody is in it any more */

/* One more of this address; false when it has as many as it may (or memory ran out), and nothing is counted.
 */
bool crowd_enter(struct crowd *crowd, const struct ip *ip);
void crowd_leave(struct crowd *crowd, const struct ip *ip); /* who has entered */

#endif
