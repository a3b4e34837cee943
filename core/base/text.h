#ifndef PLATEIA_BASE_TEXT_H
#define PLATEIA_BASE_TEXT_H

/* text.h -- is this run of bytes the text it claims to be? Small checks that every door shares. */

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define TEXT_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD, for bytes that are no text */

/* How many bytes the UTF-8 character at `bytes` has; 0 when none stands there. */
size_t text_utf8_step(const char *bytes, size_t len);
bool text_is_utf8(const char *bytes, size_t len);     /* RFC 3629: no surrogates, no overlong forms */
bool text_equal_nocase(const char *a, const char *b); /* ASCII only, as header names want it */
/* On which line that UTF-8 character stands, both counted from 1; character 0 is on the first. */
int text_line_of(const char *text, size_t character);

/* What lua-cjson does not check, checked before it runs: UTF-8, nesting depth at most max_depth, no raw
 * control characters and no \u0000 in strings, numbers as RFC 8259 writes them (so no NaN, 0x10, 01 or +1).
 * Returns NULL when fine, else one short sentence that fits an error message ("nested too deeply"). */
const char *text_json_problem(const char *bytes, size_t len, int max_depth);

/* Percent-decoding (RFC 3986); `plus` also turns '+' into a space (HTML forms). Arena memory, NUL-terminated;
 * NULL for a broken escape, %00, bytes that are not UTF-8, or no memory. */
char *text_percent_decode(struct arena *arena, const char *bytes, size_t len, bool plus, size_t *ret_len);

#endif
