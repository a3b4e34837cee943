#ifndef PLATEIA_COMMAND_ANSWER_H
#define PLATEIA_COMMAND_ANSWER_H

/* answer.h -- reads what a running server of ours answers to a command: JSON of our own writing, and no more
 * of JSON than that needs. A value is a pointer to where it stands in the text; NULL: there is none. Whatever
 * the text is, nothing is read beyond its NUL. */

#include "../base/buf.h"
#include <stdbool.h>

/* A member of an object. */
const char *answer_get(const char *object, const char *name);

/* Walks through a list or an object; through anything else in no step. */
struct answer_walk {
    const char *at;
    const char *name; /* of a member, at its opening quote; NULL in a list */
    const char *value;
};
struct answer_walk answer_enter(const char *value);
bool answer_next(struct answer_walk *walk);

/* A text without quotes and escapes, or a number or word as it stands; nothing for null and none. */
void answer_text(const char *value, struct buf *ret);
bool answer_is(const char *value, const char *text);
double answer_number(const char *value); /* 0 for what is none */

#endif
