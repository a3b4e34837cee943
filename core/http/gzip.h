#ifndef PLATEIA_HTTP_GZIP_H
#define PLATEIA_HTTP_GZIP_H

/* gzip.h -- bytes made small, as RFC 1952 has it. The only door to zlib. Any thread; no state. */

#include "../base/buf.h"

/* Appends the bytes, as small as they get; of a megabyte, as small as they get in some 10 ms. *ret is
 * `failed` when memory ran out. */
void gzip_add(struct buf *ret, const void *bytes, size_t len);

#endif
