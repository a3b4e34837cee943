#ifndef PLATEIA_COMMAND_LINES_H
#define PLATEIA_COMMAND_LINES_H

/* lines.h -- walks through "head|what of it" lines, as the table of commands has them. */

#include <stdbool.h>
#include <stddef.h>

#define LINES_WORD 64

struct lines {
    const char *at;
    const char *head, *rest; /* of this line; not ended by NUL */
    size_t head_len, rest_len;
};

struct lines lines_of(const char *text); /* NULL: none */
bool lines_next(struct lines *lines);
/* The length of the head's first word: of "--filter TEXT", the flag's own name. */
int lines_name(const struct lines *lines);

/* The first word of what is left, parted by `parting`; false where nothing is. */
bool lines_word(const char **at, char parting, char ret[LINES_WORD]);
/* At most LINES_WORD - 1 bytes of it. */
void lines_copy(char ret[LINES_WORD], const char *text, size_t len);

#endif
