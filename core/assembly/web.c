/* web.c -- reads the folder of pages, and makes one digest over all files of a page its version. */

#include "web.h"
#include "../base/buf.h"
#include "../http/assets.h"
#include "../http/page.h"
#include "../services/crypto.h"
#include "../services/folder.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES   64
#define MAX_FILE    (4u << 20)
#define VERSION_HEX 12

/* Where a sub-folder's page is, and for whom. "" is the folder itself. */
struct room {
    const char *name;
    enum web_audience audience;
    struct page_place place;
};

/* Swagger UI puts markup into the document and has pictures in its style sheet. Scripts and styles are the
 * page's own files all the same, so what a description brings along cannot run. */
static const char docs_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static const struct room rooms[] = {
    {.name = "", .audience = WEB_PUBLIC, .place = {.path = ""}},
    {.name = "docs", .audience = WEB_PUBLIC, .place = {.path = "/docs", .policy = docs_policy}},
    {.name = "operator", .audience = WEB_OPERATORS, .place = {.path = ""}},
};
#define ROOMS (sizeof rooms / sizeof *rooms)

/* One page, while it is read. */
struct web {
    const char *dir;
    const struct room *room;
    struct page_file files[MAX_FILES];
    size_t count;
};

static const struct room *find_room(const char *name, size_t len) {
    for (size_t i = 0; i < ROOMS; i++)
        if (strlen(rooms[i].name) == len && memcmp(rooms[i].name, name, len) == 0) return &rooms[i];
    return NULL;
}

static enum err_code read_file(struct web *web, const struct folder_entry *entry, const char *shown,
                               struct err *err) {
    struct buf bytes = {0};
    if (web->count == MAX_FILES)
        return err_set(err, ERR_LIMIT, "%s: the page has more than %d files", shown, MAX_FILES);
    enum err_code code = folder_read_source(entry->at, entry->name, shown, MAX_FILE, &bytes, err);
    if (code != ERR_OK) {
        buf_done(&bytes);
        return code;
    }
    struct page_file *file = &web->files[web->count++];
    file->name = strdup(entry->name);
    file->bytes = buf_take(&bytes, &file->len);
    return file->name && file->bytes ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory for the page");
}

static enum err_code visit(void *ctx, const struct folder_entry *entry, struct err *err) {
    struct web *web = ctx;
    char shown[1024];
    const char *slash = strrchr(entry->path, '/');
    bool folder = entry->error == 0 && S_ISDIR(entry->st.st_mode);
    snprintf(shown, sizeof shown, "%s/%s", web->dir, entry->path);
    if (entry->error) return err_set(err, ERR_SYSTEM, "%s: %s", shown, strerror(entry->error));
    if (folder && !slash && find_room(entry->path, strlen(entry->path))) return ERR_OK;
    if (folder)
        return err_set(err, ERR_INVALID,
                       "%s: no such folder is known here: docs/ and operator/ may hold pages, and they hold "
                       "no folders",
                       shown);
    if (!S_ISREG(entry->st.st_mode))
        return err_set(err, ERR_INVALID, "%s: only files may stand in a page's folder", shown);
    const struct room *room = find_room(entry->path, slash ? (size_t)(slash - entry->path) : 0);
    return room == web->room ? read_file(web, entry, shown, err) : ERR_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct page_file *)a)->name, ((const struct page_file *)b)->name);
}

/* Over names, lengths and bytes; the bytes by their own digest, as there may be megabytes of them. */
static enum err_code version_of(const struct web *web, char ret[VERSION_HEX + 1], struct err *err) {
    struct buf all = {0};
    char hex[CRYPTO_DIGEST_HEX];
    for (size_t i = 0; i < web->count; i++) {
        crypto_sha256_hex(hex, web->files[i].bytes, web->files[i].len);
        buf_addf(&all, "%s %zu %s\n", web->files[i].name, web->files[i].len, hex);
    }
    enum err_code code = all.failed ? err_set(err, ERR_NO_MEMORY, "no memory for the page") : ERR_OK;
    if (code == ERR_OK) crypto_sha256_hex(hex, all.data ? all.data : "", all.len);
    if (code == ERR_OK) snprintf(ret, VERSION_HEX + 1, "%.*s", VERSION_HEX, hex);
    buf_done(&all);
    return code;
}

static enum err_code make(struct assets *assets, struct web *web, struct err *err) {
    char version[VERSION_HEX + 1];
    struct err why = {0};
    if (web->count == 0 && *web->room->name) return ERR_OK;
    qsort(web->files, web->count, sizeof *web->files, by_name);
    enum err_code code = version_of(web, version, err);
    if (code != ERR_OK) return code;
    code = page_add(assets, &web->room->place, web->files, web->count, version, &why);
    if (code == ERR_OK) return ERR_OK;
    return err_set(err, code, "%s/%s%s%s", web->dir, web->room->name, *web->room->name ? "/" : "", why.text);
}

static enum err_code read_room(struct assets *assets, int fd, const char *dir, const struct room *room,
                               struct err *err) {
    struct web web = {.dir = dir, .room = room};
    enum err_code code = folder_walk(fd, visit, &web, err);
    if (code == ERR_OK) code = make(assets, &web, err);
    for (size_t i = 0; i < web.count; i++) {
        free((char *)web.files[i].name);
        free((char *)web.files[i].bytes);
    }
    return code;
}

enum err_code web_read(struct assets **ret, const char *dir, enum web_audience audience, struct err *err) {
    struct assets *assets = NULL;
    *ret = NULL;
    if (strcmp(dir, "none") == 0) return ERR_OK;
    int fd = folder_open(dir);
    if (fd < 0)
        return err_set(err, ERR_NOT_FOUND, "%s: %s (PLATEIA_WEB names the pages' folder; none: no pages)",
                       dir, strerror(errno));
    enum err_code code = assets_new(&assets, err);
    for (size_t i = 0; i < ROOMS && code == ERR_OK; i++)
        if (rooms[i].audience == audience) code = read_room(assets, fd, dir, &rooms[i], err);
    close(fd);
    if (code == ERR_OK && !assets_empty(assets))
        *ret = assets;
    else
        assets_free(assets);
    return code;
}
