#ifndef PLATEIA_HTTP_ASSETS_H
#define PLATEIA_HTTP_ASSETS_H

/* assets.h -- a table of answers that were made beforehand, each plain and gzipped: the page at "/" in its
 * languages, and the files it is made of.
 *
 * A path is looked up in the table and nowhere else: no request ever reaches a file system. Filled once, then
 * only read: any thread. Knows neither where the bytes come from nor what is on the page. */

#include "../base/err.h"
#include "../exchange/request.h"

struct assets;

struct asset {
    const char *path;     /* "/", "/assets/3f9c.../style.css" */
    const char *language; /* primary tag, "pt"; NULL: the same for all. One path may have several */
    const char *type;     /* Content-Type; static text */
    const char *version;  /* for its ETag: [A-Za-z0-9] */
    const char *policy;   /* Content-Security-Policy; static text, or NULL */
    bool immutable; /* never anything else at this path: to be kept for a year; else asked for each time */
};

enum err_code assets_new(struct assets **ret, struct err *err);
void assets_free(struct assets *assets); /* NULL is fine */

/* Copies and gzips the bytes. */
enum err_code assets_add(struct assets *assets, const struct asset *asset, const void *bytes, size_t len,
                         struct err *err);

/* Answers a request for one of them (GET, HEAD; 304 for whoever has it; 405 and Allow) and returns true;
 * false when the path is none of theirs, and the request is as it was. `ctx` is a struct assets, or NULL. The
 * query `lang=TAG` wins over Accept-Language. */
bool assets_answer(void *ctx, struct request *req);

#endif
