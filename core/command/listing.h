#ifndef PLATEIA_COMMAND_LISTING_H
#define PLATEIA_COMMAND_LISTING_H

/* listing.h -- shows people a list of flat objects of our own JSON (answer.h), all of the same members. */

#include <stddef.h>

size_t listing_count(const char *text);
void listing_print(const char *text);

#endif
