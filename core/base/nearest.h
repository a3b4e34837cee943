#ifndef PLATEIA_BASE_NEAREST_H
#define PLATEIA_BASE_NEAREST_H

/* nearest.h -- which of these names was probably meant? For whoever mistyped one.
 *
 *   struct nearest nearest = nearest_to("wrokers");
 *   for each name there is: nearest_offer(&nearest, name);
 *   nearest.found: the nearest one that is near enough, or NULL
 *
 * Texts are borrowed. */

#include <stddef.h>

struct nearest {
    const char *word;  /* what was given */
    const char *found; /* NULL: nothing is near */
    size_t least;      /* a name has to be nearer than this: letters to add, remove or change */
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *nearest, const char *name);

#endif
