#ifndef PLATEIA_BASE_PATTERN_H
#define PLATEIA_BASE_PATTERN_H

/* pattern.h -- Lua 5.4's patterns, matched within a budget of steps.
 *
 * A pattern may be made to try exponentially many ways, and a loop in C cannot be interrupted. So every step
 * is counted, and a search that takes too many ends with an error. What matches, which captures there are and
 * what the errors say is as in Lua; only that a pattern may be of any length.
 *
 * A pattern is read once into nodes, one a piece, in memory of the caller's. Nothing here allocates or
 * recurses, so a search may be dropped at any point. All text is the caller's and stays where it is while it
 * is searched. */

#include "err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_CAPTURES 32

/* What a capture's length may be instead. */
#define PATTERN_OPEN     (-1) /* no ')' ended it: it cannot be handed out */
#define PATTERN_POSITION (-2) /* "()": `at` is all of it */

struct pattern_set {
    uint64_t bits[4];
};

/* pattern.c's and pattern_read.c's own. */
struct pattern_node {
    unsigned char kind, index, other, follow;
    union {
        struct pattern_set set;
        struct {
            const char *text;
            size_t len;
        } run;
    };
    /* What is left to try here, and where to go when nothing is. */
    const char *at, *low;
    struct pattern_node *back;
};

struct pattern_capture {
    const char *at;
    ptrdiff_t len;
};

struct pattern {
    const char *subject, *end;
    const char *last;     /* where the match before ended, or NULL: the next one is not empty there */
    uint64_t steps, most; /* taken, and allowed, in all searches together */
    uint64_t look;        /* the step at which `stopped` is asked next */
    bool (*stopped)(void *ctx);
    void *ctx;
    struct pattern_node *nodes, *first;
    size_t count; /* of captures */
    struct pattern_capture captures[PATTERN_CAPTURES];
};

/* How many nodes are enough for a pattern of `len` bytes. */
static inline size_t pattern_room(size_t len) {
    return len + 1;
}

/* Reads the text into nodes[pattern_room(len)]. A malformed pattern is told of by the search that comes to
 * its fault, as in Lua. A '^' is no anchor here: leave it out and use pattern_match. */
void pattern_read(struct pattern *ret, struct pattern_node *nodes, const char *text, size_t len);

/* Sets what is searched, and the budget, which grows with it. */
void pattern_subject(struct pattern *pattern, const char *subject, size_t len);

/* `stopped` is asked now and then (about once a millisecond of searching) whether to give up before the
 * budget is spent: ERR_TIMEOUT. */
static inline void pattern_ask(struct pattern *pattern, bool (*stopped)(void *ctx), void *ctx) {
    pattern->stopped = stopped;
    pattern->ctx = ctx;
}

/* The match that begins at `at` (within the subject, or its end). ERR_NOT_FOUND without a sentence;
 * ERR_INVALID: a malformed pattern; ERR_LIMIT: the budget is spent; ERR_TIMEOUT: it was stopped. The captures
 * are valid until the next search. */
enum err_code pattern_match(struct pattern *pattern, const char *at, const char **ret_end, struct err *err);

/* The first match that begins at `from` or later and does not end where the last one did while being empty.
 */
enum err_code pattern_search(struct pattern *pattern, const char *from, const char **ret_start,
                             const char **ret_end, struct err *err);

/* Takes steps off the budget for work that the caller does for each match: ERR_LIMIT or ERR_TIMEOUT as above.
 */
enum err_code pattern_spend(struct pattern *pattern, uint64_t steps, struct err *err);

/* A text in which nothing has a meaning; it is found by pattern_plain. */
bool pattern_is_plain(const char *text, size_t len);

/* Where `text` stands first in the subject, or NULL; in time that grows with both and not with their product.
 */
const char *pattern_plain(const char *subject, size_t subject_len, const char *text, size_t len);

#endif
