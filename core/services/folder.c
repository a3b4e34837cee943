/* folder.c -- walks and reads by openat, so that a swapped folder cannot slip in between two files. */

#include "folder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct walk {
    folder_visit *visit;
    void *ctx;
    size_t count;
    char path[PATH_MAX];
    struct err *err;
};

int folder_open(const char *path) {
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_link(int at, const struct dirent *entry) {
    struct stat st;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type == DT_LNK;
    return fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static enum err_code walk_folder(struct walk *walk, int fd, size_t len, int depth);

/* Fills the entry; a folder is also opened. */
static void look_at(struct folder_entry *entry) {
    if (fstatat(entry->at, entry->name, &entry->st, 0) != 0) {
        entry->error = errno;
    } else if (S_ISDIR(entry->st.st_mode)) {
        entry->folder = openat(entry->at, entry->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (entry->folder < 0) entry->error = errno;
    }
}

static enum err_code walk_entry(struct walk *walk, int at, const struct dirent *found, size_t len,
                                int depth) {
    int added = snprintf(walk->path + len, sizeof walk->path - len, "%s%s", len ? "/" : "", found->d_name);
    if (added < 0 || (size_t)added >= sizeof walk->path - len)
        return err_set(walk->err, ERR_LIMIT, "%s: the path is too long", found->d_name);
    if (++walk->count > FOLDER_ENTRIES)
        return err_set(walk->err, ERR_LIMIT, "%s: more than %d files", walk->path, FOLDER_ENTRIES);
    struct folder_entry entry = {
        .path = walk->path, .name = found->d_name, .at = at, .folder = -1, .link = is_link(at, found)};
    look_at(&entry);
    if (entry.error == ENOENT && !entry.link) return ERR_OK;
    enum err_code code = walk->visit(walk->ctx, &entry, walk->err);
    if (entry.folder < 0) return code;
    if (code == ERR_OK) return walk_folder(walk, entry.folder, len + (size_t)added, depth + 1);
    close(entry.folder);
    return code;
}

/* Takes the descriptor. */
static enum err_code walk_folder(struct walk *walk, int fd, size_t len, int depth) {
    enum err_code code = ERR_OK;
    DIR *dir = depth > FOLDER_DEPTH ? NULL : fdopendir(fd);
    if (!dir) {
        code = depth > FOLDER_DEPTH
                   ? err_set(walk->err, ERR_LIMIT, "%s: folders are nested too deep", walk->path)
                   : err_system(walk->err, len ? walk->path : "a folder");
        close(fd);
        return code;
    }
    for (struct dirent *found; code == ERR_OK && (found = readdir(dir));) {
        if (found->d_name[0] != '.') code = walk_entry(walk, dirfd(dir), found, len, depth);
        walk->path[len] = '\0';
    }
    closedir(dir);
    return code;
}

enum err_code folder_walk(int folder, folder_visit *visit, void *ctx, struct err *err) {
    struct walk walk = {.visit = visit, .ctx = ctx, .err = err};
    int fd =
        openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a place of its own in the list */
    if (fd < 0) return err_system(err, "a folder");
    return walk_folder(&walk, fd, 0, 0);
}

bool folder_has_suffix(const char *name, const char *suffix) {
    size_t a = strlen(name), b = strlen(suffix);
    return a > b && strcmp(name + a - b, suffix) == 0;
}

static enum err_code too_large(const char *shown, size_t limit, struct err *err) {
    return err_set(err, ERR_LIMIT, "%s: larger than %zu KiB", shown, limit / 1024);
}

/* Until nothing more comes. Room is made for what is there by now, and one byte more to see the end. */
static enum err_code read_rest(int fd, const char *shown, size_t expected, size_t limit, struct buf *ret,
                               struct err *err) {
    size_t end = ret->len + limit, room = 0;
    for (ssize_t n = 1; n != 0;) {
        if (room == 0 && !buf_reserve(ret, room = expected + 1))
            return err_set(err, ERR_NO_MEMORY, "%s: out of memory", shown);
        n = read(fd, ret->data + ret->len, room);
        if (n < 0 && errno != EINTR) return err_system(err, shown);
        if (n < 0) continue;
        ret->len += (size_t)n;
        room -= (size_t)n;
        if (ret->len > end) return too_large(shown, limit, err);
    }
    ret->data[ret->len] = '\0';
    return ERR_OK;
}

static enum err_code read_fd(int fd, const char *shown, size_t limit, struct buf *ret, struct err *err) {
    struct stat st;
    if (fstat(fd, &st) != 0) return err_system(err, shown);
    if (!S_ISREG(st.st_mode)) return err_set(err, ERR_NOT_FOUND, "%s: not a file", shown);
    if (st.st_size > (off_t)limit) return too_large(shown, limit, err);
    return read_rest(fd, shown, st.st_size > 0 ? (size_t)st.st_size : 4095, limit, ret, err);
}

enum err_code folder_read(int at, const char *path, const char *shown, size_t limit, struct buf *ret,
                          struct err *err) {
    int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "%s: %s", shown, strerror(errno));
    enum err_code code = read_fd(fd, shown, limit, ret, err);
    close(fd);
    return code;
}

enum err_code folder_read_source(int at, const char *path, const char *shown, size_t limit, struct buf *ret,
                                 struct err *err) {
    size_t before = ret->len;
    enum err_code code = folder_read(at, path, shown, limit, ret, err);
    if (code == ERR_OK && ret->len == before)
        code = err_set(err, ERR_INVALID, "%s:1: the file is empty", shown);
    return code;
}
