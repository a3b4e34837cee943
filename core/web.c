/* web.c -- reads the page's folder, and makes one digest over all its files their version. */

#include "web.h"
#include "base/buf.h"
#include "http/page.h"
#include "services/crypto.h"
#include "services/folder.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES   64
#define MAX_FILE    (1u << 20)
#define VERSION_HEX 12

struct web {
    const char *dir;
    struct page_file files[MAX_FILES];
    size_t count;
};

static enum err_code visit(void *ctx, const struct folder_entry *entry, struct err *err) {
    struct web *web = ctx;
    struct buf bytes = {0};
    char shown[1024];
    snprintf(shown, sizeof shown, "%s/%s", web->dir, entry->path);
    if (entry->error) return err_set(err, ERR_SYSTEM, "%s: %s", shown, strerror(entry->error));
    if (!S_ISREG(entry->st.st_mode))
        return err_set(err, ERR_INVALID, "%s: only files may stand in the page's folder", shown);
    if (web->count == MAX_FILES)
        return err_set(err, ERR_LIMIT, "%s: the page has more than %d files", shown, MAX_FILES);
    enum err_code code = folder_read_source(entry->at, entry->name, shown, MAX_FILE, &bytes, err);
    if (code != ERR_OK) return code;
    struct page_file *file = &web->files[web->count++];
    file->name = strdup(entry->name);
    file->bytes = buf_take(&bytes, &file->len);
    return file->name && file->bytes ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory for the page");
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct page_file *)a)->name, ((const struct page_file *)b)->name);
}

/* Over names, lengths and bytes. */
static enum err_code version_of(const struct web *web, char ret[VERSION_HEX + 1], struct err *err) {
    struct buf all = {0};
    char hex[CRYPTO_DIGEST_HEX];
    for (size_t i = 0; i < web->count; i++) {
        buf_addf(&all, "%s %zu\n", web->files[i].name, web->files[i].len);
        buf_add(&all, web->files[i].bytes, web->files[i].len);
    }
    enum err_code code = all.failed ? err_set(err, ERR_NO_MEMORY, "no memory for the page") : ERR_OK;
    if (code == ERR_OK) crypto_sha256_hex(hex, all.data ? all.data : "", all.len);
    if (code == ERR_OK) snprintf(ret, VERSION_HEX + 1, "%.*s", VERSION_HEX, hex);
    buf_done(&all);
    return code;
}

static enum err_code make(struct assets **ret, struct web *web, struct err *err) {
    char version[VERSION_HEX + 1];
    struct err why = {0};
    qsort(web->files, web->count, sizeof *web->files, by_name);
    enum err_code code = version_of(web, version, err);
    if (code != ERR_OK) return code;
    code = page_make(ret, web->files, web->count, version, &why);
    return code == ERR_OK ? ERR_OK : err_set(err, code, "%s/%s", web->dir, why.text);
}

enum err_code web_read(struct assets **ret, const char *dir, struct err *err) {
    struct web web = {.dir = dir};
    *ret = NULL;
    if (strcmp(dir, "none") == 0) return ERR_OK;
    int fd = folder_open(dir);
    if (fd < 0)
        return err_set(err, ERR_NOT_FOUND, "%s: %s (PLATEIA_WEB names the page's folder; none: no page)", dir,
                       strerror(errno));
    enum err_code code = folder_walk(fd, visit, &web, err);
    close(fd);
    if (code == ERR_OK) code = make(ret, &web, err);
    for (size_t i = 0; i < web.count; i++) {
        free((char *)web.files[i].name);
        free((char *)web.files[i].bytes);
    }
    return code;
}
