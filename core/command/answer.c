/* answer.c -- goes over JSON from left to right; a nested value is stepped over by counting its brackets. */

#include "answer.h"
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t\r\n");
}

/* Behind the closing quote; `at` is the opening one. */
static const char *skip_text(const char *at) {
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1]) at++;
    return *at ? at + 1 : at;
}

static const char *skip_value(const char *at) {
    int depth = 0;
    do {
        at += strcspn(at, depth ? "\"[]{}" : "\"[]{},");
        if (!*at || (depth == 0 && strchr("]},", *at))) return at;
        if (*at == '"') {
            at = skip_text(at);
            continue;
        }
        depth += strchr("[{", *at) ? 1 : -1;
        at++;
    } while (*at);
    return at;
}

struct answer_walk answer_enter(const char *value) {
    const char *at = skip_blanks(value ? value : "");
    return (struct answer_walk){.at = *at == '[' || *at == '{' ? at + 1 : ""};
}

bool answer_next(struct answer_walk *walk) {
    const char *at = skip_blanks(walk->at);
    if (*at == ',') at = skip_blanks(at + 1);
    if (!*at || *at == ']' || *at == '}') return false;
    walk->name = NULL;
    if (*at == '"') { /* a name, if a colon follows */
        const char *behind = skip_blanks(skip_text(at));
        if (*behind == ':') {
            walk->name = at;
            at = skip_blanks(behind + 1);
        }
    }
    walk->value = at;
    walk->at = skip_value(at);
    return true;
}

const char *answer_get(const char *object, const char *name) {
    struct answer_walk walk = answer_enter(object);
    while (answer_next(&walk))
        if (answer_is(walk.name, name)) return walk.value;
    return NULL;
}

static char unescape(const char **at) {
    char code[5] = {0};
    switch (*++*at) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'u':
        memcpy(code, *at + 1, strnlen(*at + 1, 4));
        *at += strlen(code);
        return (char)strtol(code, NULL, 16); /* we escape control characters only */
    default: return **at;
    }
}

void answer_text(const char *value, struct buf *ret) {
    if (!value || strncmp(value, "null", 4) == 0) return;
    if (*value != '"') {
        buf_add(ret, value, strcspn(value, ",]} \t\r\n"));
        return;
    }
    for (value++; *value && *value != '"'; value++) {
        if (*value == '\\' && !value[1]) return;
        buf_add_char(ret, *value == '\\' ? unescape(&value) : *value);
    }
}

bool answer_is(const char *value, const char *text) {
    struct buf own = {0};
    answer_text(value, &own);
    bool is = own.data && strcmp(own.data, text) == 0;
    buf_done(&own);
    return is;
}

double answer_number(const char *value) {
    return value ? strtod(value, NULL) : 0;
}
