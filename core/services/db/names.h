#ifndef PLATEIA_SERVICES_DB_NAMES_H
#define PLATEIA_SERVICES_DB_NAMES_H

/* names.h -- which statements one connection has prepared. Their names are digests already, so the first 64
 * bits of them do, in an open table. It takes no more than NAMES_MAX: whoever fills it clears it. */

#include "query.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_SIZE 256 /* a power of two */
#define NAMES_MAX  128

struct names {
    uint64_t table[NAMES_SIZE]; /* 0: free */
    size_t count;
};

uint64_t names_key(const struct query *query);
bool names_has(const struct names *names, uint64_t key);
void names_add(struct names *names, uint64_t key); /* one that it has not, and not beyond NAMES_MAX */
void names_forget(struct names *names, uint64_t key);
void names_clear(struct names *names);

#endif
