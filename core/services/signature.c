/* signature.c -- one number of what stat tells, a sum, so that the order in which a folder lists its entries
 * does not matter. */

#include "signature.h"
#include "../base/clock.h"
#include "crypto.h"
#include "folder.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS   20 /* more than a step of the kernel's file times */
#define PATIENCE  CLOCK_NS_PER_S
#define TRIES_MIN 2

struct look {
    struct signature *signature;
    size_t dir;
};

/* One thing that was seen. */
static void add(const struct look *look, const char *path, const struct stat *st, int error) {
    static const unsigned char key[CRYPTO_SHORT_KEY] = "of what is here";
    char text[PATH_MAX + 256];
    int len = snprintf(text, sizeof text, "%zu/%s/%d", look->dir, path, error);
    if (st && len > 0 && (size_t)len < sizeof text)
        len += snprintf(text + len, sizeof text - (size_t)len, "/%ju/%ju/%jd", (uintmax_t)st->st_dev,
                        (uintmax_t)st->st_ino, (intmax_t)(S_ISDIR(st->st_mode) ? 0 : st->st_size));
    if (st && S_ISREG(st->st_mode) && len > 0 && (size_t)len < sizeof text)
        len += snprintf(text + len, sizeof text - (size_t)len, "/%jd.%09ld/%jd.%09ld",
                        (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec,
                        st->st_ctim.tv_nsec);
    size_t whole = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    look->signature->sum += crypto_short_hash(key, text, whole);
    look->signature->files++;
}

/* ctime and not mtime, which whoever copies or unpacks a file sets to what it was elsewhere. */
static bool is_fresh(const struct stat *st) {
    int64_t age = clock_wall_ms() - (st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / CLOCK_NS_PER_MS);
    return age > -STEP_MS && age < STEP_MS;
}

static bool counts(const char *name) {
    return folder_has_suffix(name, ".sql") ||
           (folder_has_suffix(name, ".lua") && !folder_has_suffix(name, "_spec.lua"));
}

static enum err_code see(void *ctx, const struct folder_entry *entry, struct err *err) {
    const struct look *look = ctx;
    (void)err;
    if (entry->error) {
        add(look, entry->path, NULL, entry->error);
    } else if (S_ISREG(entry->st.st_mode) && counts(entry->name)) {
        add(look, entry->path, &entry->st, 0);
        if (is_fresh(&entry->st)) look->signature->fresh = true;
    }
    return ERR_OK;
}

static void see_folder(struct look *look, const char *dir) {
    struct stat st;
    int fd = folder_open(dir);
    if (fd < 0 || fstat(fd, &st) != 0)
        add(look, "", NULL, errno);
    else
        add(look, "", &st, (int)folder_walk(fd, see, look, NULL));
    if (fd >= 0) close(fd);
}

void signature_take(struct signature *ret, const char *const *dirs, size_t count) {
    *ret = (struct signature){0};
    struct look look = {.signature = ret};
    for (look.dir = 0; look.dir < count; look.dir++)
        see_folder(&look, dirs[look.dir]);
}

bool signature_same(const struct signature *a, const struct signature *b) {
    return a->sum == b->sum && a->files == b->files;
}

enum err_code signature_steady(const char *const *dirs, size_t count,
                               enum err_code (*read)(void *ctx, struct err *err), void *ctx,
                               struct err *err) {
    const struct timespec step = {.tv_nsec = STEP_MS * CLOCK_NS_PER_MS};
    int64_t end = clock_ns() + PATIENCE;
    for (int tries = 0; tries < TRIES_MIN || clock_ns() < end; tries++) {
        struct signature before, after;
        signature_take(&before, dirs, count);
        if (before.fresh) {
            nanosleep(&step, NULL);
            continue;
        }
        enum err_code code = read(ctx, err);
        signature_take(&after, dirs, count);
        if (signature_same(&before, &after)) return code;
    }
    return err_set(err, ERR_BUSY, "%s: the files keep changing", dirs[0]);
}
