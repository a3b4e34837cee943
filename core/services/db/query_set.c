/* query_set.c -- the queries of a folder, in the order of their names, so that they are found by halving. */

#include "../../base/buf.h"
#include "../crypto.h"
#include "../folder.h"
#include "../signature.h"
#include "query.h"
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024)

struct query_set {
    struct query **list;
    size_t count;
    char hash[CRYPTO_DIGEST_HEX];
};

/* A folder while its queries are read. */
struct reading {
    const char *dir;
    int fd;
    struct query_set *set;
};

static enum err_code failed(const char *file, struct err *err) {
    return err_set(err, ERR_SYSTEM, "%s: %s (PLATEIA_SQL names the folder above queries/)", file,
                   strerror(errno));
}

static enum err_code load(struct query **ret, int fd, const char *entry, const char *name, const char *file,
                          struct err *err) {
    struct buf buf = {0};
    enum err_code code = folder_read_source(fd, entry, file, FILE_MAX, &buf, err);
    if (!code) code = query_parse(ret, name, file, buf.data, buf.len, err);
    buf_done(&buf);
    return code;
}

static int is_query_file(const struct dirent *entry) {
    return entry->d_name[0] != '.' && folder_has_suffix(entry->d_name, ".sql");
}

static enum err_code add(const struct reading *reading, const char *entry, struct err *err) {
    struct query_set *set = reading->set;
    char *file = NULL, *name = strndup(entry, strlen(entry) - 4);
    enum err_code code = ERR_NO_MEMORY;
    if (name && asprintf(&file, "%s/%s", reading->dir, entry) >= 0)
        code = load(&set->list[set->count], reading->fd, entry, name, file, err);
    else
        err_set(err, ERR_NO_MEMORY, "no memory for a query");
    if (!code) set->count++;
    free(file);
    free(name);
    return code;
}

static int by_name(const void *a, const void *b) {
    const struct query *const *first = a, *const *second = b;
    return strcmp((*first)->name, (*second)->name);
}

/* A statement's name holds the hash of its file. */
static enum err_code hash_all(struct query_set *set, struct err *err) {
    struct buf list = {0};
    for (size_t i = 0; i < set->count; i++)
        buf_addf(&list, "%s %s\n", set->list[i]->name, set->list[i]->statement);
    enum err_code code = list.failed ? err_set(err, ERR_NO_MEMORY, "no memory for a hash") : ERR_OK;
    crypto_sha256_hex(set->hash, list.data, list.len);
    buf_done(&list);
    return code;
}

static enum err_code fill(const struct reading *reading, struct dirent **entries, size_t count,
                          struct err *err) {
    struct query_set *set = reading->set;
    if (count > FOLDER_ENTRIES)
        return err_set(err, ERR_LIMIT, "%s: more than %d files", reading->dir, FOLDER_ENTRIES);
    set->list = calloc(count ? count : 1, sizeof *set->list);
    if (!set->list) return err_set(err, ERR_NO_MEMORY, "no memory for %zu queries", count);
    for (size_t i = 0; i < count; i++) {
        enum err_code code = add(reading, entries[i]->d_name, err);
        if (code) return code;
    }
    qsort(set->list, set->count, sizeof *set->list, by_name);
    return hash_all(set, err);
}

static enum err_code fill_from_list(const struct reading *reading, struct err *err) {
    struct dirent **entries = NULL;
    int count = scandirat(reading->fd, ".", &entries, is_query_file, alphasort);
    if (count < 0) return failed(reading->dir, err);
    enum err_code code = fill(reading, entries, (size_t)count, err);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return code;
}

static enum err_code read_once(void *ctx, struct err *err) {
    struct reading *reading = ctx;
    query_set_free(reading->set);
    if (!(reading->set = calloc(1, sizeof *reading->set)))
        return err_set(err, ERR_NO_MEMORY, "no memory for the queries");
    if ((reading->fd = folder_open(reading->dir)) < 0) return failed(reading->dir, err);
    enum err_code code = fill_from_list(reading, err);
    close(reading->fd);
    return code;
}

enum err_code query_set_load(struct query_set **ret, const char *dir, struct err *err) {
    struct reading reading = {.dir = dir};
    enum err_code code = signature_steady(&dir, 1, read_once, &reading, err);
    if (code == ERR_OK)
        *ret = reading.set;
    else
        query_set_free(reading.set);
    return code;
}

void query_set_free(struct query_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->count; i++)
        query_free(set->list[i]);
    free(set->list);
    free(set);
}

const struct query *query_set_find(const struct query_set *set, const char *name) {
    struct query wanted = {.name = (char *)(uintptr_t)name}, *key = &wanted;
    struct query *const *found = bsearch(&key, set->list, set->count, sizeof *set->list, by_name);
    return found ? *found : NULL;
}

size_t query_set_count(const struct query_set *set) {
    return set->count;
}

const struct query *query_set_at(const struct query_set *set, size_t index) {
    return set->list[index];
}

const char *query_set_hash(const struct query_set *set) {
    return set->hash;
}
