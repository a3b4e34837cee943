#ifndef PLATEIA_BASE_TICKET_H
#define PLATEIA_BASE_TICKET_H

/* ticket.h -- who waits for an answer, said without a pointer.
 *
 * The waiting side hands out {slot, serial}; the serial changes whenever the slot's waiter stops waiting.
 * An answer that comes back with a stale serial is dropped, so a service may answer as late as it likes. The
 * generation is whose code asked: what it lent must last until then. */

#include <stdint.h>

struct ticket {
    uint32_t slot, serial, generation;
};

#endif
