/* gzip.c -- one call of zlib. No time stands in its head, so the same bytes always come out the same. Of
 * what is large, the last bytes saved would cost the server's start more than they are worth. */

#include "gzip.h"
#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* the largest window, with gzip's head and sum around it */
#define MEMORY_MOST 9
#define LARGE       (256u << 10)

void gzip_add(struct buf *ret, const void *bytes, size_t len) {
    z_stream stream = {.next_in = (z_const Bytef *)bytes, .avail_in = (uInt)len};
    int level = len > LARGE ? Z_BEST_SPEED : Z_BEST_COMPRESSION;
    if (len > UINT32_MAX ||
        deflateInit2(&stream, level, Z_DEFLATED, WINDOW_GZIP, MEMORY_MOST, Z_DEFAULT_STRATEGY) != Z_OK) {
        ret->failed = true;
        return;
    }
    uLong room = deflateBound(&stream, (uLong)len);
    if (buf_reserve(ret, room)) {
        stream.next_out = (Bytef *)ret->data + ret->len;
        stream.avail_out = (uInt)room;
        if (deflate(&stream, Z_FINISH) == Z_STREAM_END)
            ret->len += stream.total_out;
        else
            ret->failed = true;
        ret->data[ret->len] = '\0';
    }
    deflateEnd(&stream);
}
