/* assets.c -- answers from the table.
 *
 * There are some twenty of them, and only paths that no script wanted come here: a list is walked. */

#include "assets.h"
#include "../exchange/problem.h"
#include "../exchange/route_names.h"
#include "gzip.h"
#include "prefer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANGUAGES 16
#define ETAG_SIZE 128

struct entry {
    struct asset asset; /* texts are ours, but for the static ones */
    struct buf plain, packed;
    struct entry *next;
};

struct assets {
    struct entry *first, **last;
};

enum err_code assets_new(struct assets **ret, struct err *err) {
    struct assets *assets = calloc(1, sizeof *assets);
    if (!assets) return err_set(err, ERR_NO_MEMORY, "no memory for the page");
    assets->last = &assets->first;
    *ret = assets;
    return ERR_OK;
}

static void free_entry(struct entry *entry) {
    free((char *)entry->asset.path);
    free((char *)entry->asset.language);
    free((char *)entry->asset.version);
    buf_done(&entry->plain);
    buf_done(&entry->packed);
    free(entry);
}

void assets_free(struct assets *assets) {
    if (!assets) return;
    for (struct entry *entry = assets->first, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    free(assets);
}

enum err_code assets_add(struct assets *assets, const struct asset *asset, const void *bytes, size_t len,
                         struct err *err) {
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return err_set(err, ERR_NO_MEMORY, "no memory for the page");
    entry->asset = *asset;
    entry->asset.path = strdup(asset->path);
    entry->asset.version = strdup(asset->version);
    entry->asset.language = asset->language ? strdup(asset->language) : NULL;
    buf_add(&entry->plain, bytes, len);
    gzip_add(&entry->packed, bytes, len);
    if (!entry->asset.path || !entry->asset.version || (asset->language && !entry->asset.language) ||
        entry->plain.failed || entry->packed.failed) {
        free_entry(entry);
        return err_set(err, ERR_NO_MEMORY, "no memory for the page");
    }
    if (entry->packed.len >= len) buf_done(&entry->packed); /* nothing gained */
    *assets->last = entry;
    assets->last = &entry->next;
    return ERR_OK;
}

/* ---- which one ---- */

static const struct entry *next_at(const struct entry *entry, const char *path) {
    while (entry && strcmp(entry->asset.path, path) != 0)
        entry = entry->next;
    return entry;
}

/* The one that the query's `lang` names. */
static const struct entry *named(const struct entry *entry, const struct request *req) {
    const char *at = req->query;
    while (*at && strncmp(at, "lang=", 5) != 0) {
        at += strcspn(at, "&");
        at += *at == '&';
    }
    if (!*at) return NULL;
    size_t len = strcspn(at + 5, "&");
    for (; entry; entry = next_at(entry->next, req->path)) {
        const char *language = entry->asset.language;
        if (language && strlen(language) == len && strncmp(language, at + 5, len) == 0) return entry;
    }
    return NULL;
}

static const struct entry *wanted(const struct entry *first, const struct request *req) {
    const struct entry *choice[LANGUAGES], *by_name = named(first, req);
    const char *tags[LANGUAGES];
    size_t count = 0;
    if (by_name || !first->asset.language) return by_name ? by_name : first;
    for (const struct entry *entry = first; entry && count < LANGUAGES;
         entry = next_at(entry->next, req->path)) {
        choice[count] = entry;
        tags[count++] = entry->asset.language;
    }
    return choice[prefer_language(request_header(req, "Accept-Language"), tags, count)];
}

/* ---- saying it ---- */

/* A 304 says its policy as well: the browser puts the headers of a 304 in place of those it has, and the one
 * that every answer gets by itself (edges.h) would forbid the page all it is made of. */
static void say_headers(struct request *req, const struct entry *entry, bool packed, const char *etag) {
    const struct asset *asset = &entry->asset;
    answer_header(req, "ETag", etag);
    answer_header(req, "Cache-Control",
                  asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    answer_header(req, "Vary", asset->language ? "Accept-Encoding, Accept-Language" : "Accept-Encoding");
    if (asset->policy) {
        answer_header(req, "Content-Security-Policy", asset->policy);
        answer_header(req, "Cross-Origin-Opener-Policy", "same-origin");
    }
    if (req->answer.status == 304) return;
    answer_header(req, "Content-Type", asset->type);
    if (packed) answer_header(req, "Content-Encoding", "gzip");
    if (asset->language) answer_header(req, "Content-Language", asset->language);
}

/* A strong tag names these very bytes, so each form has one of its own (RFC 9110 section 8.8.3.3). */
static void say(struct request *req, const struct entry *entry) {
    const struct asset *asset = &entry->asset;
    char etag[ETAG_SIZE];
    bool packed = entry->packed.len > 0 && prefer_coding(request_header(req, "Accept-Encoding"), "gzip");
    const struct buf *body = packed ? &entry->packed : &entry->plain;
    snprintf(etag, sizeof etag, "\"%.64s%s%.16s%s\"", asset->version, asset->language ? "-" : "",
             asset->language ? asset->language : "", packed ? "-gzip" : "");
    bool known = prefer_none_match(request_header(req, "If-None-Match"), etag);
    req->answer.status = known ? 304 : 200;
    say_headers(req, entry, packed, etag);
    if (!known) buf_add(&req->answer.body, body->data, body->len);
}

static void refuse_method(struct request *req) {
    answer_header(req, "Allow", "GET, HEAD, OPTIONS");
    if (req->method == METHOD_OPTIONS)
        req->answer.status = 204;
    else
        problem_say(req, 405, "this method is not for this path: the Allow header names those that are");
}

bool assets_answer(void *ctx, struct request *req) {
    const struct assets *assets = ctx;
    const struct entry *first = assets ? next_at(assets->first, req->path) : NULL;
    if (!first) return false;
    req->route = first->asset.immutable ? "/assets" : "/";
    req->route_name = ROUTE_ASSETS;
    if (req->method == METHOD_GET || req->method == METHOD_HEAD)
        say(req, wanted(first, req));
    else
        refuse_method(req);
    return true;
}
