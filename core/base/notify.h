#ifndef PLATEIA_BASE_NOTIFY_H
#define PLATEIA_BASE_NOTIFY_H

/* notify.h -- tells a service manager how far we are, in the protocol of sd_notify(3).
 *
 * Any thread may call it; it never waits for the manager. Knows neither who listens nor what is told. */

#include "err.h"

/* Sends the state ("READY=1", "STOPPING=1") as one datagram. address is what $NOTIFY_SOCKET says: the path of
 * a unix socket, or "@NAME" for one in the abstract namespace. NULL or empty: nobody manages us, which is
 * fine. */
enum err_code notify_send(const char *address, const char *state, struct err *err);

#endif
