#ifndef PLATEIA_SCRIPT_SOURCES_H
#define PLATEIA_SCRIPT_SOURCES_H

/* sources.h -- what an edition is made of: one moment's scripts and queries, compiled. Constant once read,
 * and shared by whoever holds it: any thread. */

#include "../base/err.h"
#include <stdatomic.h>
#include <stdbool.h>

struct compiled;
struct query_set;
struct snapshot;

#define SOURCES_HASH 65 /* hexadecimal digits and a NUL */

struct sources {
    struct snapshot *snapshot;
    struct query_set *queries;
    struct compiled *compiled;
    char hash[SOURCES_HASH]; /* of all names and texts */
    atomic_uint holders;
};

/* The reader holds it. What `former` (may be NULL) has of it already is not compiled again. ERR_INVALID and
 * others: "file:line: reason". */
enum err_code sources_read(struct sources **ret, const char *scripts, const char *queries,
                           const struct sources *former, struct err *err);
/* The same texts, read from the same folders (data files are read beside them). */
bool sources_same(const struct sources *a, const struct sources *b);
struct sources *sources_hold(struct sources *sources);
void sources_drop(struct sources *sources); /* the last one frees it; NULL is fine */

#endif
