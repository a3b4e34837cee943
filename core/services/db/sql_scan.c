/* sql_scan.c -- one pass over the bytes; each skip_ function is given the place of its opening mark and
 * returns the place behind its end, or NULL when that is missing. */

#include "sql_scan.h"
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Bytes beyond ASCII belong to names, too. */
static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (unsigned char)c >= 128;
}

static bool starts(const char *at, const char *end, const char *mark) {
    size_t len = strlen(mark);
    return (size_t)(end - at) >= len && memcmp(at, mark, len) == 0;
}

/* A doubled quote is a quote inside, and looks to us like two neighbours. */
static const char *skip_quoted(const char *at, const char *end, bool backslashes) {
    char quote = *at++;
    for (; at < end && *at != quote; at++)
        if (backslashes && *at == '\\' && at + 1 < end) at++;
    return at < end ? at + 1 : NULL;
}

static const char *skip_line(const char *at, const char *end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

static const char *skip_comment(const char *at, const char *end) {
    int depth = 0;
    while (at < end) {
        bool opens = starts(at, end, "/*"), closes = starts(at, end, "*/");
        depth += opens - closes;
        at += opens || closes ? 2 : 1;
        if (depth == 0) return at;
    }
    return NULL;
}

/* $tag$ ... $tag$ */
static const char *skip_dollar_quoted(const char *at, const char *tag_end, const char *end) {
    size_t len = (size_t)(tag_end - at);
    const char *close = memmem(tag_end, (size_t)(end - tag_end), at, len);
    return close ? close + len : NULL;
}

/* $1 */
static const char *skip_param(struct sql_scan *scan, const char *at, const char *end) {
    int n = 0;
    for (at++; at < end && is_digit(*at); at++)
        if (n < 10000) n = n * 10 + (*at - '0');
    if (n > scan->params) scan->params = n;
    return at;
}

static const char *skip_dollar(struct sql_scan *scan, const char *at, const char *end) {
    const char *stop = at + 1;
    if (stop < end && is_digit(*stop)) return skip_param(scan, at, end);
    while (stop < end && is_name(*stop))
        stop++;
    return stop < end && *stop == '$' ? skip_dollar_quoted(at, stop + 1, end) : stop;
}

static const char *skip_name(const char *at, const char *end) {
    while (at < end && (is_name(*at) || *at == '$'))
        at++;
    return at;
}

/* Behind the token that starts at `at`; *blank when it says nothing. */
static const char *skip(struct sql_scan *scan, const char *at, const char *end, bool *blank) {
    bool escapes = (*at == 'e' || *at == 'E') && at + 1 < end && at[1] == '\'';
    *blank = true;
    if (strchr(" \t\r\n\f\v", *at)) return at + 1;
    if (starts(at, end, "--")) return skip_line(at, end);
    if (starts(at, end, "/*")) return skip_comment(at, end);
    *blank = false;
    if (escapes) return skip_quoted(at + 1, end, true);
    if (*at == '\'' || *at == '"') return skip_quoted(at, end, false);
    if (*at == '$') return skip_dollar(scan, at, end);
    if (is_name(*at)) return skip_name(at, end);
    return at + 1;
}

static int lines_between(const char *from, const char *to) {
    int lines = 0;
    for (; from < to; from++)
        lines += *from == '\n';
    return lines;
}

void sql_scan(struct sql_scan *ret, const char *sql, size_t len) {
    const char *at = sql, *end = sql + len;
    bool ended = false, blank;
    *ret = (struct sql_scan){0};
    while (at < end && !ret->problem) {
        const char *next = skip(ret, at, end, &blank);
        if (!next)
            ret->problem = "a string, quoted name or comment is not closed";
        else if (blank)
            at = next;
        else if (ended && *at != ';')
            ret->problem = "there is a second statement; a file holds one";
        else {
            ended = ended || *at == ';';
            at = next;
            if (!ended) ret->len = (size_t)(at - sql);
        }
    }
    ret->line = lines_between(sql, at);
}
