/* assets.c -- answers from the table.
 *
 * There are some thirty of them, and only paths that no script wanted come here: a list is walked. */

#include "assets.h"
#include "../exchange/problem.h"
#include "../exchange/route_names.h"
#include "gzip.h"
#include "prefer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANGUAGES 16

struct entry {
    struct asset asset;   /* texts are ours, but for the static ones */
    char *plain, *packed; /* packed: NULL where nothing was gained */
    size_t plain_len, packed_len;
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
    free((char *)entry->asset.route);
    free(entry->plain);
    free(entry->packed);
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

bool assets_empty(const struct assets *assets) {
    return assets->first == NULL;
}

/* Room for what there is and no more: some files are large, and all of them stay. */
static char *copy(const void *bytes, size_t len) {
    char *ret = malloc(len + 1);
    if (!ret) return NULL;
    memcpy(ret, bytes, len);
    ret[len] = '\0';
    return ret;
}

static bool pack(struct entry *entry, const void *bytes, size_t len) {
    struct buf packed = {0};
    gzip_add(&packed, bytes, len);
    bool fine = !packed.failed;
    if (fine && packed.len < len) {
        entry->packed = copy(packed.data, packed.len);
        entry->packed_len = packed.len;
        fine = entry->packed != NULL;
    }
    buf_done(&packed);
    return fine;
}

static bool fill(struct entry *entry, const struct asset *asset, const void *bytes, size_t len) {
    entry->asset = *asset;
    entry->asset.path = strdup(asset->path);
    entry->asset.version = strdup(asset->version);
    entry->asset.route = strdup(asset->route);
    entry->asset.language = asset->language ? strdup(asset->language) : NULL;
    entry->plain = copy(bytes, len);
    entry->plain_len = len;
    return entry->asset.path && entry->asset.version && entry->asset.route && entry->plain &&
           (!asset->language || entry->asset.language) && pack(entry, bytes, len);
}

enum err_code assets_add(struct assets *assets, const struct asset *asset, const void *bytes, size_t len,
                         struct err *err) {
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return err_set(err, ERR_NO_MEMORY, "no memory for the page");
    if (!fill(entry, asset, bytes, len)) {
        free_entry(entry);
        return err_set(err, ERR_NO_MEMORY, "no memory for the page");
    }
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
static const struct entry *named(const struct entry *entry, const struct assets_question *question) {
    const char *at = question->query ? question->query : "";
    while (*at && strncmp(at, "lang=", 5) != 0) {
        at += strcspn(at, "&");
        at += *at == '&';
    }
    if (!*at) return NULL;
    size_t len = strcspn(at + 5, "&");
    for (; entry; entry = next_at(entry->next, question->path)) {
        const char *language = entry->asset.language;
        if (language && strlen(language) == len && strncmp(language, at + 5, len) == 0) return entry;
    }
    return NULL;
}

static const struct entry *wanted(const struct entry *first, const struct assets_question *question) {
    const struct entry *choice[LANGUAGES], *by_name = named(first, question);
    const char *tags[LANGUAGES];
    size_t count = 0;
    if (by_name || !first->asset.language) return by_name ? by_name : first;
    for (const struct entry *entry = first; entry && count < LANGUAGES;
         entry = next_at(entry->next, question->path)) {
        choice[count] = entry;
        tags[count++] = entry->asset.language;
    }
    return choice[prefer_language(question->accept_language, tags, count)];
}

/* A strong tag names these very bytes, so each form has one of its own (RFC 9110 section 8.8.3.3). */
bool assets_find(const struct assets *assets, const struct assets_question *question,
                 struct assets_found *ret) {
    const struct entry *first = assets ? next_at(assets->first, question->path) : NULL;
    if (!first) return false;
    const struct entry *entry = wanted(first, question);
    const struct asset *asset = &entry->asset;
    bool packed = entry->packed && prefer_coding(question->accept_encoding, "gzip");
    *ret = (struct assets_found){.asset = asset,
                                 .bytes = packed ? entry->packed : entry->plain,
                                 .len = packed ? entry->packed_len : entry->plain_len,
                                 .packed = packed};
    snprintf(ret->etag, sizeof ret->etag, "\"%.64s%s%.16s%s\"", asset->version, asset->language ? "-" : "",
             asset->language ? asset->language : "", packed ? "-gzip" : "");
    ret->unchanged = prefer_none_match(question->if_none_match, ret->etag);
    return true;
}

/* ---- saying it ---- */

/* A 304 says its policy as well: the browser puts the headers of a 304 in place of those it has, and the one
 * that every answer gets by itself (edges.h) would forbid the page all it is made of. */
size_t assets_headers(const struct assets_found *found, struct header ret[ASSETS_HEADERS]) {
    const struct asset *asset = found->asset;
    size_t count = 0;
    ret[count++] = (struct header){"ETag", found->etag};
    ret[count++] = (struct header){"Cache-Control",
                                   asset->immutable ? "public, max-age=31536000, immutable" : "no-cache"};
    ret[count++] =
        (struct header){"Vary", asset->language ? "Accept-Encoding, Accept-Language" : "Accept-Encoding"};
    if (asset->policy) {
        ret[count++] = (struct header){"Content-Security-Policy", asset->policy};
        ret[count++] = (struct header){"Cross-Origin-Opener-Policy", "same-origin"};
    }
    if (found->unchanged) return count;
    ret[count++] = (struct header){"Content-Type", asset->type};
    if (found->packed) ret[count++] = (struct header){"Content-Encoding", "gzip"};
    if (asset->language) ret[count++] = (struct header){"Content-Language", asset->language};
    return count;
}

static void say(struct request *req, const struct assets_found *found) {
    struct header headers[ASSETS_HEADERS];
    size_t count = assets_headers(found, headers);
    req->answer.status = found->unchanged ? 304 : 200;
    for (size_t i = 0; i < count; i++)
        answer_header(req, headers[i].name, headers[i].value);
    if (found->unchanged) return;
    req->answer.lent = found->bytes;
    req->answer.lent_len = found->len;
}

static void refuse_method(struct request *req) {
    answer_header(req, "Allow", "GET, HEAD, OPTIONS");
    if (req->method == METHOD_OPTIONS)
        req->answer.status = 204;
    else
        problem_say(req, 405, "this method is not for this path: the Allow header names those that are");
}

bool assets_answer(void *ctx, struct request *req) {
    struct assets_found found;
    const struct assets_question question = {.path = req->path,
                                             .query = req->query,
                                             .accept_language = request_header(req, "Accept-Language"),
                                             .accept_encoding = request_header(req, "Accept-Encoding"),
                                             .if_none_match = request_header(req, "If-None-Match")};
    if (!assets_find(ctx, &question, &found)) return false;
    req->route = found.asset->route;
    req->route_name = ROUTE_ASSETS;
    if (req->method == METHOD_GET || req->method == METHOD_HEAD)
        say(req, &found);
    else
        refuse_method(req);
    return true;
}
