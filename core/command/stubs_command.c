/* stubs_command.c -- `plateia stubs [DIR]`: writes the reference where editors read it.
 *
 * Beside the files lies a list of their digests as they were written, in sha256sum's form. A file that has
 * its digest is ours, of this version or another, and is replaced; any other is somebody's, and is kept. */

#include "../base/buf.h"
#include "../services/crypto.h"
#include "commands.h"
#include "stubs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER   ".plateia"
#define SUMS     FOLDER "/SHA256SUMS"
#define ASIDE    FOLDER "/.new"
#define PATH     128
#define MAX_FILE (1u << 20) /* larger ones are not ours */

struct stubs {
    int dir;
    const char *name; /* of DIR, for messages */
    bool force, dry_run;
    struct buf sums, had; /* digests to be written, and those that were there */
    size_t written, same, kept;
};

/* Where in DIR the file goes: what an editor looks for by name stands right there. */
static void path_of(char ret[PATH], const struct stub_file *file) {
    if (strcmp(file->name, "luarc.json") == 0)
        snprintf(ret, PATH, ".luarc.json");
    else
        snprintf(ret, PATH, FOLDER "/%s", file->name);
}

/* ERR_NOT_FOUND: there is none. */
static enum err_code read_file(const struct stubs *stubs, const char *path, struct buf *ret,
                               struct err *err) {
    int fd = openat(stubs->dir, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 1;
    if (fd < 0 && errno == ENOENT) return err_set(err, ERR_NOT_FOUND, "%s: there is none", path);
    if (fd < 0) return err_system(err, path);
    while (n > 0 && ret->len < MAX_FILE && buf_reserve(ret, 65536))
        if ((n = read(fd, ret->data + ret->len, 65536)) > 0) ret->len += (size_t)n;
    enum err_code code = n < 0 || ret->failed ? err_system(err, path) : ERR_OK;
    close(fd);
    return code;
}

static bool write_all(int fd, const char *text, size_t len) {
    ssize_t n = 0;
    while (len > 0 && (n = write(fd, text, len)) > 0)
        text += n, len -= (size_t)n;
    return len == 0;
}

/* In our own folder first, then in its place: nobody sees half of it, and no link leads it elsewhere. */
static enum err_code write_file(const struct stubs *stubs, const char *path, const char *text, size_t len,
                                struct err *err) {
    unlinkat(stubs->dir, ASIDE, 0); /* of a run that was ended */
    int fd = openat(stubs->dir, ASIDE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return err_system(err, ASIDE);
    bool fine = write_all(fd, text, len);
    fine = close(fd) == 0 && fine;
    if (fine && renameat(stubs->dir, ASIDE, stubs->dir, path) == 0) return ERR_OK;
    enum err_code code = err_system(err, path);
    unlinkat(stubs->dir, ASIDE, 0);
    return code;
}

static void add_sum(struct buf *sums, const char *bytes, size_t len, const char *path) {
    char digest[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(digest, bytes, len);
    buf_addf(sums, "%s  %s\n", digest, path);
}

/* Whether what lies there is as somebody's `plateia stubs` wrote it. */
static bool is_ours(const struct stubs *stubs, const struct buf *there, const char *path) {
    struct buf line = {0};
    add_sum(&line, there->data, there->len, path);
    bool ours = line.data && stubs->had.data && strstr(stubs->had.data, line.data);
    buf_done(&line);
    return ours;
}

/* ---- one file ---- */

static bool holds(const struct buf *there, const struct stub_file *file) {
    return there->data && there->len == file->len && memcmp(there->data, file->text, file->len) == 0;
}

static enum err_code put(struct stubs *stubs, const struct stub_file *file, const char *path,
                         struct err *err) {
    stubs->written++;
    printf("%s %s/%s\n", stubs->dry_run ? "would write" : "wrote", stubs->name, path);
    return stubs->dry_run ? ERR_OK : write_file(stubs, path, file->text, file->len, err);
}

static enum err_code lay(struct stubs *stubs, const struct stub_file *file, struct err *err) {
    char path[PATH];
    struct buf there = {0};
    path_of(path, file);
    add_sum(&stubs->sums, file->text, file->len, path);
    enum err_code code = read_file(stubs, path, &there, err);
    bool absent = code == ERR_NOT_FOUND, found = code == ERR_OK;
    if (absent || (found && !holds(&there, file) && (stubs->force || is_ours(stubs, &there, path)))) {
        code = put(stubs, file, path, err);
    } else if (found && holds(&there, file)) {
        stubs->same++;
    } else if (found) {
        stubs->kept++;
        fprintf(stderr, "%s/%s was edited, or is not of plateia stubs: it is kept\n", stubs->name, path);
    }
    buf_done(&there);
    return code;
}

/* ---- all of them ---- */

/* A folder, and no link to one: what lies there is somebody else's. */
static enum err_code make_folder(const struct stubs *stubs, struct err *err) {
    struct stat st;
    if (!stubs->dry_run && mkdirat(stubs->dir, FOLDER, 0755) != 0 && errno != EEXIST)
        return err_system(err, FOLDER);
    if (fstatat(stubs->dir, FOLDER, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode)) return ERR_OK;
    return err_set(err, ERR_INVALID, "%s/" FOLDER " is no folder: move it out of the way", stubs->name);
}

static enum err_code lay_all(struct stubs *stubs, struct err *err) {
    enum err_code code = make_folder(stubs, err);
    if (code != ERR_OK) return code;
    code = read_file(stubs, SUMS, &stubs->had, err);
    if (code == ERR_NOT_FOUND) code = ERR_OK;
    for (const struct stub_file *file = stub_files; file->name && code == ERR_OK; file++)
        code = lay(stubs, file, err);
    if (code == ERR_OK && stubs->sums.failed) code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK && !stubs->dry_run)
        code = write_file(stubs, SUMS, stubs->sums.data, stubs->sums.len, err);
    return code;
}

static int report(const struct stubs *stubs) {
    printf("%zu %swritten, %zu as they should be, %zu kept\n", stubs->written,
           stubs->dry_run ? "would be " : "", stubs->same, stubs->kept);
    if (stubs->kept) fputs("plateia stubs --force replaces those that are kept.\n", stderr);
    return stubs->kept ? EXIT_FAILED : EXIT_DONE;
}

int command_stubs(const struct command_call *call) {
    struct stubs stubs = {.name = call->word_count ? call->words[0] : ".",
                          .force = command_has(call, "--force"),
                          .dry_run = command_has(call, "--dry-run")};
    struct err err = {0};
    stubs.dir = open(stubs.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err_code code = stubs.dir < 0 ? err_system(&err, stubs.name) : crypto_open(&err);
    if (code == ERR_OK) code = lay_all(&stubs, &err);
    if (stubs.dir >= 0) close(stubs.dir);
    buf_done(&stubs.sums), buf_done(&stubs.had);
    if (code == ERR_OK) return report(&stubs);
    fprintf(stderr, "plateia stubs: %s\nName a folder that is there and may be written to.\n", err.text);
    return EXIT_FAILED;
}
