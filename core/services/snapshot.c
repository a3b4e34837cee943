/* snapshot.c -- reads the script folder whole before anything is compiled, so that a module that is required
 * later cannot be from another moment than the one that requires it. */

#include "snapshot.h"
#include "crypto.h"
#include "folder.h"
#include "signature.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE   (8u << 20)
#define MAX_SOURCE (64u << 20) /* of all modules together */
#define MAX_PLACES 33

/* A folder that stays open, so that data files come from where the modules came from: the script folder
 * itself (path ""), and those below it that a symbolic link leads to, as such links get swapped as well. */
struct place {
    char *path;
    int fd;
};

struct snapshot {
    char *dir;
    struct place places[MAX_PLACES];
    size_t place_count;
    struct module *modules;
    size_t count, room, bytes;
    char hash[CRYPTO_DIGEST_HEX];
};

/* "routes/account.lua" -> "routes.account"; "x/init.lua" -> "x". */
static char *module_name(const char *relative) {
    char *name = strdup(relative);
    if (!name) return NULL;
    name[strlen(name) - strlen(".lua")] = '\0';
    if (folder_has_suffix(name, "/init")) name[strlen(name) - strlen("/init")] = '\0';
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

static void hash_module(struct module *module) {
    char hex[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(hex, module->text, module->len);
    memcpy(module->hash, hex, sizeof module->hash - 1);
}

static enum err_code add_module(struct snapshot *snapshot, int at, const char *name, const char *relative,
                                struct err *err) {
    struct buf text = {0}, chunk = {0};
    struct module module = {0};
    enum err_code code = ERR_NO_MEMORY;
    buf_addf(&chunk, "@%s/%s", snapshot->dir, relative);
    if (chunk.failed || !module_room(snapshot)) goto out;
    if ((code = folder_read_source(at, name, chunk.data + 1, MAX_FILE, &text, err)) != ERR_OK) goto out;
    if ((snapshot->bytes += text.len) > MAX_SOURCE) {
        code = err_set(err, ERR_LIMIT, "%s: all modules together are larger than 64 MiB", chunk.data + 1);
        goto out;
    }
    module.name = module_name(relative);
    module.chunk = buf_take(&chunk, NULL);
    module.text = buf_take(&text, &module.len);
    hash_module(&module);
    snapshot->modules[snapshot->count++] = module;
    if (!module.name) code = ERR_NO_MEMORY;
out:
    if (code == ERR_NO_MEMORY) err_set(err, code, "out of memory");
    buf_done(&text), buf_done(&chunk);
    return code;
}

/* Takes the descriptor. */
static enum err_code add_place(struct snapshot *snapshot, const char *path, int fd, struct err *err) {
    char *copy = NULL;
    if (fd < 0) return err_system(err, snapshot->dir);
    if (snapshot->place_count < MAX_PLACES && (copy = strdup(path))) {
        snapshot->places[snapshot->place_count++] = (struct place){copy, fd};
        return ERR_OK;
    }
    close(fd);
    if (snapshot->place_count < MAX_PLACES) return err_set(err, ERR_NO_MEMORY, "out of memory");
    return err_set(err, ERR_LIMIT, "%s/%s: more than %d folders are symbolic links", snapshot->dir, path,
                   MAX_PLACES - 1);
}

static enum err_code visit(void *ctx, const struct folder_entry *entry, struct err *err) {
    struct snapshot *snapshot = ctx;
    if (entry->error)
        return err_set(err, ERR_SYSTEM, "%s/%s: %s", snapshot->dir, entry->path, strerror(entry->error));
    if (entry->link && entry->folder >= 0)
        return add_place(snapshot, entry->path, fcntl(entry->folder, F_DUPFD_CLOEXEC, 0), err);
    if (!S_ISREG(entry->st.st_mode) || !folder_has_suffix(entry->name, ".lua") ||
        folder_has_suffix(entry->name, "_spec.lua"))
        return ERR_OK;
    return add_module(snapshot, entry->at, entry->name, entry->path, err);
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

/* Over each file's path and hash. */
static enum err_code hash_all(struct snapshot *snapshot, struct err *err) {
    struct buf list = {0};
    for (size_t i = 0; i < snapshot->count; i++)
        buf_addf(&list, "%s %s\n", snapshot->modules[i].chunk + strlen(snapshot->dir) + 2,
                 snapshot->modules[i].hash);
    enum err_code code = list.failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : ERR_OK;
    crypto_sha256_hex(snapshot->hash, list.data, list.len);
    buf_done(&list);
    return code;
}

struct reading {
    const char *dir;
    struct snapshot *snapshot;
};

static enum err_code read_once(void *ctx, struct err *err) {
    struct reading *reading = ctx;
    snapshot_free(reading->snapshot);
    struct snapshot *snapshot = reading->snapshot = calloc(1, sizeof *snapshot);
    enum err_code code;
    int fd;
    if (!snapshot || !(snapshot->dir = strdup(reading->dir)))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    if ((fd = folder_open(snapshot->dir)) < 0)
        return err_set(err, ERR_NOT_FOUND, "%s: %s (PLATEIA_SCRIPTS names the script folder)", snapshot->dir,
                       strerror(errno));
    if ((code = add_place(snapshot, "", fd, err)) != ERR_OK) return code;
    if ((code = folder_walk(fd, visit, snapshot, err)) != ERR_OK) return code;
    if (snapshot->count) qsort(snapshot->modules, snapshot->count, sizeof *snapshot->modules, by_name);
    if ((code = refuse_twins(snapshot, err)) != ERR_OK) return code;
    return hash_all(snapshot, err);
}

enum err_code snapshot_read(struct snapshot **ret, const char *dir, struct err *err) {
    struct reading reading = {.dir = dir};
    enum err_code code = signature_steady(&dir, 1, read_once, &reading, err);
    if (code == ERR_OK)
        *ret = reading.snapshot;
    else
        snapshot_free(reading.snapshot);
    return code;
}

void snapshot_free(struct snapshot *snapshot) {
    if (!snapshot) return;
    for (size_t i = 0; i < snapshot->count; i++) {
        free(snapshot->modules[i].name);
        free(snapshot->modules[i].chunk);
        free(snapshot->modules[i].text);
    }
    for (size_t i = 0; i < snapshot->place_count; i++) {
        close(snapshot->places[i].fd);
        free(snapshot->places[i].path);
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

const char *snapshot_hash(const struct snapshot *snapshot) {
    return snapshot->hash;
}

static bool same_place(const struct place *a, const struct place *b) {
    struct stat first, second;
    return strcmp(a->path, b->path) == 0 && fstat(a->fd, &first) == 0 && fstat(b->fd, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static const struct place *find_place(const struct snapshot *snapshot, const char *path) {
    for (size_t i = 0; i < snapshot->place_count; i++)
        if (strcmp(snapshot->places[i].path, path) == 0) return &snapshot->places[i];
    return NULL;
}

bool snapshot_same(const struct snapshot *a, const struct snapshot *b) {
    if (strcmp(a->hash, b->hash) != 0 || a->place_count != b->place_count) return false;
    for (size_t i = 0; i < a->place_count; i++) {
        const struct place *other = find_place(b, a->places[i].path);
        if (!other || !same_place(&a->places[i], other)) return false;
    }
    return true;
}

/* The innermost place on the path's way; *rest gets what is left of the path. */
static const struct place *place_of(const struct snapshot *snapshot, const char *path, const char **rest) {
    const struct place *best = &snapshot->places[0];
    *rest = path;
    for (size_t i = 1; i < snapshot->place_count; i++) {
        const struct place *place = &snapshot->places[i];
        size_t len = strlen(place->path);
        if (strncmp(path, place->path, len) != 0 || path[len] != '/' || path + len + 1 < *rest) continue;
        best = place;
        *rest = path + len + 1;
    }
    *rest += strspn(*rest, "/"); /* "a//b" must not start at the root */
    return best;
}

enum err_code snapshot_file(const struct snapshot *snapshot, const char *path, struct buf *ret,
                            struct err *err) {
    char full[PATH_MAX];
    if (path[0] == '/' || path[0] == '.' || strstr(path, "/."))
        return err_set(err, ERR_DENIED, "%s: only files inside the script folder can be read", path);
    if (snprintf(full, sizeof full, "%s/%s", snapshot->dir, path) >= (int)sizeof full)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    const struct place *place = place_of(snapshot, path, &path);
    return folder_read(place->fd, path, full, MAX_FILE, ret, err);
}
