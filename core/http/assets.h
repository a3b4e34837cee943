#ifndef PLATEIA_HTTP_ASSETS_H
#define PLATEIA_HTTP_ASSETS_H

/* assets.h -- a table of answers that were made beforehand, each plain and gzipped: pages in their languages,
 * and the files they are made of.
 *
 * A path is looked up in the table and nowhere else: no request ever reaches a file system. Filled once, then
 * only read: any thread. What is found is lent, never copied, so it must outlive whoever sends it. Knows
 * neither where the bytes come from nor what is on a page. */

#include "../base/err.h"
#include "../exchange/request.h"

struct assets;

struct asset {
    const char *path;     /* "/", "/assets/3f9c.../style.css" */
    const char *language; /* primary tag, "pt"; NULL: the same for all. One path may have several */
    const char *type;     /* Content-Type; static text */
    const char *version;  /* for its ETag: [A-Za-z0-9] */
    const char *policy;   /* Content-Security-Policy; static text, or NULL */
    const char *route;    /* what the log calls it: "/assets" */
    bool immutable; /* never anything else at this path: to be kept for a year; else asked for each time */
};

enum err_code assets_new(struct assets **ret, struct err *err);
void assets_free(struct assets *assets); /* NULL is fine */
bool assets_empty(const struct assets *assets);

/* Copies and gzips the bytes. */
enum err_code assets_add(struct assets *assets, const struct asset *asset, const void *bytes, size_t len,
                         struct err *err);

/* ---- for listeners that make answers of their own ---- */

#define ASSETS_ETAG    128
#define ASSETS_HEADERS 8

/* NULL: the client did not say. */
struct assets_question {
    const char *path, *query; /* raw; the query's `lang=TAG` wins over accept_language */
    const char *accept_language, *accept_encoding, *if_none_match;
};

struct assets_found {
    const struct asset *asset;
    const char *bytes; /* the table's */
    size_t len;
    bool packed;    /* they are gzip */
    bool unchanged; /* the client has them: 304, without them */
    char etag[ASSETS_ETAG];
};

/* false: there is nothing at this path. */
bool assets_find(const struct assets *assets, const struct assets_question *question,
                 struct assets_found *ret);

/* The headers that go with it, by its status, 200 or 304. Their texts are the table's and `found`'s. Returns
 * how many. */
size_t assets_headers(const struct assets_found *found, struct header ret[ASSETS_HEADERS]);

/* ---- for requests ---- */

/* Answers a request for one of them (GET, HEAD; 304 for whoever has it; 405 and Allow) and returns true;
 * false when the path is none of theirs, and the request is as it was. `ctx` is a struct assets, or NULL. */
bool assets_answer(void *ctx, struct request *req);

#endif
