/* lines.c -- texts that hold lists, taken apart where they stand. */

#include "lines.h"
#include <string.h>

struct lines lines_of(const char *text) {
    return (struct lines){.at = text ? text : ""};
}

bool lines_next(struct lines *lines) {
    if (!*lines->at) return false;
    size_t len = strcspn(lines->at, "\n");
    const char *bar = memchr(lines->at, '|', len);
    lines->head = lines->at;
    lines->head_len = bar ? (size_t)(bar - lines->at) : len;
    lines->rest = bar ? bar + 1 : lines->at + len;
    lines->rest_len = bar ? len - lines->head_len - 1 : 0;
    lines->at += len + (lines->at[len] == '\n');
    return true;
}

int lines_name(const struct lines *lines) {
    const char *blank = memchr(lines->head, ' ', lines->head_len);
    return (int)(blank ? (size_t)(blank - lines->head) : lines->head_len);
}

void lines_copy(char ret[LINES_WORD], const char *text, size_t len) {
    if (len >= LINES_WORD) len = LINES_WORD - 1;
    memcpy(ret, text, len);
    ret[len] = '\0';
}

bool lines_word(const char **at, char parting, char ret[LINES_WORD]) {
    const char *text = *at;
    while (text && *text == parting)
        text++;
    if (!text || !*text) return false;
    const char *end = strchr(text, parting);
    size_t len = end ? (size_t)(end - text) : strlen(text);
    lines_copy(ret, text, len);
    *at = text + len;
    return true;
}
