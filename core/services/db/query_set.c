/* query_set.c -- the queries of a folder, in the order of their names, so that they are found by halving. */

#include "../../base/buf.h"
#include "query.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024)

struct query_set {
    struct query **list;
    size_t count;
};

static enum err_code failed(const char *file, struct err *err) {
    return err_set(err, ERR_SYSTEM, "%s: %s", file, strerror(errno));
}

/* Appends at most FILE_MAX + 1 bytes. */
static enum err_code read_all(struct buf *buf, int fd, const char *file, struct err *err) {
    ssize_t got = 1;
    while (got > 0 && buf->len <= FILE_MAX) {
        if (!buf_reserve(buf, 4096)) return err_set(err, ERR_NO_MEMORY, "%s: no memory", file);
        got = read(fd, buf->data + buf->len, 4096);
        if (got < 0) return failed(file, err);
        buf->len += (size_t)got;
    }
    if (buf->len > FILE_MAX) return err_set(err, ERR_LIMIT, "%s: larger than %d bytes", file, FILE_MAX);
    return ERR_OK;
}

static enum err_code load(struct query **ret, const char *name, const char *file, struct err *err) {
    struct buf buf = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed(file, err);
    enum err_code code = read_all(&buf, fd, file, err);
    close(fd);
    if (!code) code = query_parse(ret, name, file, buf.data, buf.len, err);
    buf_done(&buf);
    return code;
}

static int is_query_file(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static enum err_code add(struct query_set *set, const char *dir, const char *entry, struct err *err) {
    char *file = NULL, *name = strndup(entry, strlen(entry) - 4);
    enum err_code code = ERR_NO_MEMORY;
    if (name && asprintf(&file, "%s/%s", dir, entry) >= 0)
        code = load(&set->list[set->count], name, file, err);
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

static enum err_code fill(struct query_set *set, const char *dir, struct dirent **entries, size_t count,
                          struct err *err) {
    set->list = calloc(count ? count : 1, sizeof *set->list);
    if (!set->list) return err_set(err, ERR_NO_MEMORY, "no memory for %zu queries", count);
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < count && !code; i++)
        code = add(set, dir, entries[i]->d_name, err);
    if (!code) qsort(set->list, set->count, sizeof *set->list, by_name);
    return code;
}

enum err_code query_set_load(struct query_set **ret, const char *dir, struct err *err) {
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_query_file, alphasort);
    if (count < 0) return failed(dir, err);
    struct query_set *set = calloc(1, sizeof *set);
    enum err_code code = set ? fill(set, dir, entries, (size_t)count, err)
                             : err_set(err, ERR_NO_MEMORY, "no memory for %d queries", count);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (code)
        query_set_free(set);
    else
        *ret = set;
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
