#ifndef PLATEIA_BASE_PATTERN_NODE_H
#define PLATEIA_BASE_PATTERN_NODE_H

/* pattern_node.h -- what a pattern's pieces are: between pattern_read.c, which makes them, and pattern.c,
 * which follows them. */

#include "pattern.h"

enum pattern_kind {
    PATTERN_ONE,    /* a byte of `set`, and `index` more */
    PATTERN_TEXT,   /* these bytes */
    PATTERN_MANY,   /* as many bytes of `set` as there are, at least `index`, at most one where `other` is set
                     */
    PATTERN_ALL,    /* the same for every byte: .* and .+ */
    PATTERN_FEW,    /* as few bytes of `set` as will do */
    PATTERN_BEGIN,  /* a capture begins: number `index` */
    PATTERN_FINISH, /* and ends */
    PATTERN_HERE,   /* a position is captured */
    PATTERN_SAME,   /* what capture `index` holds, once more */
    PATTERN_BALANCED, /* from the byte `index` to the `other` that belongs to it */
    PATTERN_FRONTIER, /* between a byte that is not of `set` and one that is */
    PATTERN_LAST,     /* the subject's end */
    PATTERN_DONE,     /* all of the pattern has matched */
    PATTERN_FAULT,    /* the pattern is malformed from here on: `run.text` says how */
    PATTERN_NO_SUCH   /* and so it is when it names a capture that is not there: `index` */
};

static inline bool pattern_has(const struct pattern_set *set, char c) {
    unsigned char byte = (unsigned char)c;
    return (set->bits[byte >> 6] >> (byte & 63)) & 1;
}

#endif
