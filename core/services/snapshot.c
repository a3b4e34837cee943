/* snapshot.c -- reads the script folder whole before anything is compiled, so that a module that is required
 * later cannot be from another moment than the one that requires it. */

#include "snapshot.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE  (8u << 20)
#define MAX_DEPTH 8

struct snapshot {
    char *dir;
    struct module *modules;
    size_t count, room;
};

static enum err_code read_fd(int fd, const char *path, struct buf *ret, struct err *err) {
    struct stat st;
    if (fstat(fd, &st) != 0) return err_system(err, path);
    if (!S_ISREG(st.st_mode)) return err_set(err, ERR_NOT_FOUND, "%s: not a file", path);
    if (st.st_size > (off_t)MAX_FILE) return err_set(err, ERR_LIMIT, "%s: larger than 8 MiB", path);
    for (;;) {
        if (!buf_reserve(ret, 65536)) return err_set(err, ERR_NO_MEMORY, "%s: out of memory", path);
        ssize_t n = read(fd, ret->data + ret->len, 65536);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_system(err, path);
        if (n == 0) return ERR_OK;
        ret->len += (size_t)n;
        if (ret->len > MAX_FILE) return err_set(err, ERR_LIMIT, "%s: larger than 8 MiB", path);
    }
}

static enum err_code read_path(const char *path, struct buf *ret, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "%s: %s", path, strerror(errno));
    enum err_code code = read_fd(fd, path, ret, err);
    close(fd);
    return code;
}

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a > b && strcmp(text + a - b, end) == 0;
}

/* "routes/account.lua" -> "routes.account"; "x/init.lua" -> "x". */
static char *module_name(const char *relative) {
    char *name = strdup(relative);
    if (!name) return NULL;
    name[strlen(name) - strlen(".lua")] = '\0';
    if (ends_with(name, "/init")) name[strlen(name) - strlen("/init")] = '\0';
    for (char *c = name; *c; c++)
        if (*c == '/') *c = '.';
    return name;
}

static bool module_room(struct snapshot *snapshot) {
    if (snapshot->count < snapshot->room) return true;
    size_t room = snapshot->room ? snapshot->room * 2 : 32;
    struct module *modules = realloc(snapshot->modules, room * sizeof *modules);
    if (!modules) return false;
    snapshot->modules = modules;
    snapshot->room = room;
    return true;
}

static enum err_code add_module(struct snapshot *snapshot, const char *relative, struct err *err) {
    struct buf text = {0}, path = {0}, chunk = {0};
    struct module module = {0};
    enum err_code code;
    buf_addf(&path, "%s/%s", snapshot->dir, relative);
    buf_addf(&chunk, "@%s/%s", snapshot->dir, relative);
    if (path.failed || chunk.failed) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
        goto out;
    }
    if ((code = read_path(path.data, &text, err)) != ERR_OK) goto out;
    if (text.len == 0) {
        code = err_set(err, ERR_INVALID, "%s: the file is empty", path.data);
        goto out;
    }
    module.name = module_name(relative);
    module.chunk = buf_take(&chunk, NULL);
    module.text = buf_take(&text, &module.len);
    if (!module.name || !module.chunk || !module.text || !module_room(snapshot)) {
        free(module.name), free(module.chunk), free(module.text);
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
        goto out;
    }
    snapshot->modules[snapshot->count++] = module;
out:
    buf_done(&text), buf_done(&path), buf_done(&chunk);
    return code;
}

static enum err_code walk(struct snapshot *snapshot, const char *relative, int depth, struct err *err);

static enum err_code visit(struct snapshot *snapshot, const char *relative, const char *name, int depth,
                           struct err *err) {
    char child[PATH_MAX], path[PATH_MAX];
    struct stat st;
    int a = snprintf(child, sizeof child, "%s%s%s", relative, *relative ? "/" : "", name);
    int b = snprintf(path, sizeof path, "%s/%s", snapshot->dir, child);
    if (a >= (int)sizeof child || b >= (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", name);
    if (stat(path, &st) != 0) return err_system(err, path);
    if (S_ISDIR(st.st_mode)) return walk(snapshot, child, depth + 1, err);
    if (!S_ISREG(st.st_mode) || !ends_with(name, ".lua") || ends_with(name, "_spec.lua")) return ERR_OK;
    return add_module(snapshot, child, err);
}

static enum err_code walk(struct snapshot *snapshot, const char *relative, int depth, struct err *err) {
    char path[PATH_MAX];
    enum err_code code = ERR_OK;
    if (snprintf(path, sizeof path, "%s/%s", snapshot->dir, relative) >= (int)sizeof path ||
        depth > MAX_DEPTH)
        return err_set(err, ERR_LIMIT, "%s: folders are nested too deep", relative);
    DIR *folder = opendir(path);
    if (!folder)
        return err_set(err, ERR_NOT_FOUND, "%s: %s (PLATEIA_SCRIPTS names the script folder)", path,
                       strerror(errno));
    for (struct dirent *entry; code == ERR_OK && (entry = readdir(folder));)
        if (entry->d_name[0] != '.') code = visit(snapshot, relative, entry->d_name, depth, err);
    closedir(folder);
    return code;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

static enum err_code refuse_twins(const struct snapshot *snapshot, struct err *err) {
    for (size_t i = 1; i < snapshot->count; i++)
        if (strcmp(snapshot->modules[i - 1].name, snapshot->modules[i].name) == 0)
            return err_set(err, ERR_EXISTS, "%s and %s are the same module \"%s\"",
                           snapshot->modules[i - 1].chunk + 1, snapshot->modules[i].chunk + 1,
                           snapshot->modules[i].name);
    return ERR_OK;
}

enum err_code snapshot_read(struct snapshot **ret, const char *dir, struct err *err) {
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    enum err_code code = ERR_NO_MEMORY;
    if (!snapshot || !(snapshot->dir = strdup(dir))) {
        err_set(err, code, "out of memory");
        goto out;
    }
    if ((code = walk(snapshot, "", 0, err)) != ERR_OK) goto out;
    if (snapshot->count) qsort(snapshot->modules, snapshot->count, sizeof *snapshot->modules, by_name);
    if ((code = refuse_twins(snapshot, err)) != ERR_OK) goto out;
    *ret = snapshot;
    return ERR_OK;
out:
    snapshot_free(snapshot);
    return code;
}

void snapshot_free(struct snapshot *snapshot) {
    if (!snapshot) return;
    for (size_t i = 0; i < snapshot->count; i++) {
        free(snapshot->modules[i].name);
        free(snapshot->modules[i].chunk);
        free(snapshot->modules[i].text);
    }
    free(snapshot->modules);
    free(snapshot->dir);
    free(snapshot);
}

const struct module *snapshot_find(const struct snapshot *snapshot, const char *name) {
    if (snapshot->count == 0) return NULL;
    struct module key = {.name = (char *)(uintptr_t)name};
    return bsearch(&key, snapshot->modules, snapshot->count, sizeof key, by_name);
}

size_t snapshot_count(const struct snapshot *snapshot) {
    return snapshot->count;
}

const struct module *snapshot_at(const struct snapshot *snapshot, size_t index) {
    return &snapshot->modules[index];
}

enum err_code snapshot_file(const struct snapshot *snapshot, const char *path, struct buf *ret,
                            struct err *err) {
    char full[PATH_MAX];
    if (path[0] == '/' || path[0] == '.' || strstr(path, "/."))
        return err_set(err, ERR_DENIED, "%s: only files inside the script folder can be read", path);
    if (snprintf(full, sizeof full, "%s/%s", snapshot->dir, path) >= (int)sizeof full)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    return read_path(full, ret, err);
}
