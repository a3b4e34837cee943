#ifndef PLATEIA_EXCHANGE_ROUTE_NAMES_H
#define PLATEIA_EXCHANGE_ROUTE_NAMES_H

/* route_names.h -- the templates of all routes that this process has served, each with a number that it
 * keeps: so whoever counts requests counts by a number, and goes on counting when scripts are replaced.
 *
 * Bounded: what comes when all places are taken is called "other". Names are added while scripts load, under
 * a lock, and stay as long as the table; they are read without one. Any thread. NULL is a table that is full.
 */

#include "../base/err.h"
#include <stddef.h>

#define ROUTE_NAMES 256

/* Those that are there from the beginning. */
enum {
    ROUTE_UNMATCHED, /* no route has the path, or nobody looked: refused before it */
    ROUTE_OTHER,
    ROUTE_ASSETS,    /* the page and its parts */
    ROUTE_OBSERVERS, /* of no request: what runs after events and by the clock */
    ROUTE_NAMES_OWN
};

struct route_names;

enum err_code route_names_new(struct route_names **ret, struct err *err);
void route_names_free(struct route_names *names); /* NULL is fine */

/* The number of that template, a new one where it is new. */
unsigned route_names_number(struct route_names *names, const char *template);
/* The text of a number that was given; it lives as long as the table. */
const char *route_names_text(const struct route_names *names, unsigned number);

#endif
