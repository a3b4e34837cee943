#ifndef PLATEIA_BASE_BUF_H
#define PLATEIA_BASE_BUF_H

/* buf.h -- a growable run of bytes.
 *
 * The buffer owns its memory until buf_take hands it over. When memory runs out the buffer becomes `failed`:
 * later additions do nothing, so a writer checks once at its end. data[len] is always '\0' once something
 * was added. Zero-initialised (`struct buf b = {0}`) is an empty buffer. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len, cap;
    bool failed;
};

void buf_done(struct buf *buf);  /* frees the memory; the buffer is empty and usable again */
void buf_clear(struct buf *buf); /* empties, keeps the memory, forgets `failed` */

/* Makes room for `extra` more bytes (and a NUL); false when memory ran out. */
bool buf_reserve(struct buf *buf, size_t extra);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_int(struct buf *buf, int64_t n);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds text as a JSON string, quotes included. Control characters are escaped; bytes that are not UTF-8
 * become U+FFFD, so what comes out is always valid. */
void buf_add_json(struct buf *buf, const char *text, size_t len);

/* Hands the NUL-terminated bytes to the caller, who frees them; NULL when `failed` or empty. Either way the
 * buffer is empty afterwards. */
char *buf_take(struct buf *buf, size_t *len);

#endif
