/* text.c -- is this run of bytes the text it claims to be?
 *
 * Bytes are judged where they enter, once, so that no door behind has to ask again. Everything here works on
 * the ASCII alphabet and never asks the locale. */

#include "text.h"
#include "arena.h"
#include <stdint.h>
#include <string.h>

static bool is_tail(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

size_t text_utf8_step(const char *bytes, size_t len) {
    const unsigned char *at = (const unsigned char *)bytes;
    if (len == 0) return 0;
    if (at[0] < 0x80) return 1;
    size_t step = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || step > len) return 0;
    for (size_t i = 1; i < step; i++)
        if (!is_tail(at[i])) return 0;
    if (at[0] == 0xE0 && at[1] < 0xA0) return 0; /* overlong */
    if (at[0] == 0xED && at[1] > 0x9F) return 0; /* surrogates */
    if (at[0] == 0xF0 && at[1] < 0x90) return 0; /* overlong */
    if (at[0] == 0xF4 && at[1] > 0x8F) return 0; /* beyond U+10FFFF */
    return step;
}

static bool eight_are_ascii(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool text_is_utf8(const char *bytes, size_t len) {
    for (size_t at = 0, step; at < len; at += step) {
        step = len - at >= 8 && eight_are_ascii(bytes + at) ? 8 : text_utf8_step(bytes + at, len - at);
        if (step == 0) return false;
    }
    return true;
}

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int text_line_of(const char *text, size_t character) {
    int line = 1;
    size_t seen = 0;
    for (; *text; text++) {
        seen += ((unsigned char)*text & 0xC0) != 0x80;
        if (seen >= character) break;
        line += *text == '\n';
    }
    return line;
}

bool text_equal_nocase(const char *a, const char *b) {
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return -1;
}

/* The byte that the escape at `at` stands for; -1 when it is none, or is %00. */
static int unescape(const char *at, size_t len) {
    if (len < 3) return -1;
    int high = hex_digit(at[1]), low = hex_digit(at[2]);
    int byte = high * 16 + low;
    return high < 0 || low < 0 || byte == 0 ? -1 : byte;
}

char *text_percent_decode(struct arena *arena, const char *bytes, size_t len, bool plus, size_t *ret_len) {
    char *text = arena_copy(arena, bytes, len);
    if (!text || memchr(text, '\0', len)) return NULL;
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        int byte = (unsigned char)bytes[from];
        if (byte == '+' && plus) {
            byte = ' ';
        } else if (byte == '%') {
            byte = unescape(bytes + from, len - from);
            if (byte < 0) return NULL;
            from += 2;
        }
        text[to++] = (char)byte;
    }
    text[to] = '\0';
    if (!text_is_utf8(text, to)) return NULL;
    if (ret_len) *ret_len = to;
    return text;
}
