/* buf.c -- the growable run of bytes.
 *
 * Capacity doubles, so n additions cost O(n) copies in all. One byte more than the capacity in use is always
 * there for the NUL: whoever needs a C string reads data as it stands. */

#include "buf.h"
#include "text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 128

void buf_done(struct buf *buf) {
    if (!buf) return;
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
    buf->failed = false;
    if (buf->data) buf->data[0] = '\0';
}

static bool grow(struct buf *buf, size_t extra) {
    size_t cap = buf->cap ? buf->cap : FIRST_CAP;
    if (extra >= PTRDIFF_MAX - buf->len) return false;
    while (cap <= buf->len + extra)
        cap *= 2;
    char *data = realloc(buf->data, cap);
    if (!data) return false;
    data[buf->len] = '\0';
    buf->data = data;
    buf->cap = cap;
    return true;
}

bool buf_reserve(struct buf *buf, size_t extra) {
    if (buf->failed) return false;
    if (extra < buf->cap - buf->len) return true;
    buf->failed = !grow(buf, extra);
    return !buf->failed;
}

void buf_add(struct buf *buf, const void *bytes, size_t len) {
    if (!buf_reserve(buf, len)) return;
    if (len > 0) memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_add_str(struct buf *buf, const char *text) {
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c) {
    buf_add(buf, &c, 1);
}

void buf_add_int(struct buf *buf, int64_t n) {
    char digits[20], *at = digits + sizeof(digits);
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n; /* INT64_MIN has no positive twin */
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0) *--at = '-';
    buf_add(buf, at, (size_t)(digits + sizeof(digits) - at));
}

void buf_addf(struct buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = buf_reserve(buf, 0) ? vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args) : -1;
    if (len < 0) {
        buf->failed = true;
    } else if ((size_t)len < buf->cap - buf->len) {
        buf->len += (size_t)len;
    } else if (buf_reserve(buf, (size_t)len)) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

static void add_escape(struct buf *buf, unsigned char c) {
    switch (c) {
    case '"': buf_add(buf, "\\\"", 2); break;
    case '\\': buf_add(buf, "\\\\", 2); break;
    case '\b': buf_add(buf, "\\b", 2); break;
    case '\f': buf_add(buf, "\\f", 2); break;
    case '\n': buf_add(buf, "\\n", 2); break;
    case '\r': buf_add(buf, "\\r", 2); break;
    case '\t': buf_add(buf, "\\t", 2); break;
    default: buf_addf(buf, "\\u%04x", c);
    }
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Are the eight bytes all ASCII, and none of them one that JSON escapes? A byte's highest bit tells: it is
 * set in what is no ASCII, and in what a subtraction took below zero; a borrow comes only from a byte that is
 * told. */
static bool plain_eight(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t quotes = (word ^ EACH('"')) - EACH(1), strokes = (word ^ EACH('\\')) - EACH(1);
    return !((word | (word - EACH(0x20)) | quotes | strokes) & EACH(0x80));
}

/* How many bytes from the start of `text` may stand in a JSON string as they are. */
static size_t plain_run(const char *text, size_t len) {
    size_t at = 0;
    while (at < len) {
        if (len - at >= 8 && plain_eight(text + at)) {
            at += 8;
            continue;
        }
        unsigned char c = (unsigned char)text[at];
        size_t step = c < 0x80 ? 1 : text_utf8_step(text + at, len - at);
        if (c < 0x20 || c == '"' || c == '\\' || step == 0) break;
        at += step;
    }
    return at;
}

/* Text that is plain all through, as most is: once its room is made, it is one copy. */
static void add_plain(struct buf *buf, const char *text, size_t len) {
    if (!buf_reserve(buf, len + 2)) return;
    char *at = buf->data + buf->len;
    *at = '"';
    if (len > 0) memcpy(at + 1, text, len);
    memcpy(at + 1 + len, "\"", 2);
    buf->len += len + 2;
}

void buf_add_json(struct buf *buf, const char *text, size_t len) {
    size_t run = plain_run(text, len);
    if (run == len) {
        add_plain(buf, text, len);
        return;
    }
    buf_add_char(buf, '"');
    for (size_t at = 0; at < len; at++) { /* each round: a plain run and the one byte that ended it */
        if (at > 0) run = plain_run(text + at, len - at);
        buf_add(buf, text + at, run);
        at += run;
        if (at == len) break;
        unsigned char c = (unsigned char)text[at];
        if (c < 0x80)
            add_escape(buf, c);
        else
            buf_add_str(buf, TEXT_REPLACEMENT);
    }
    buf_add_char(buf, '"');
}

char *buf_take(struct buf *buf, size_t *len) {
    if (buf->failed || buf->len == 0) {
        buf_done(buf);
        return NULL;
    }
    char *data = buf->data;
    if (len) *len = buf->len;
    *buf = (struct buf){0};
    return data;
}
