/* postgres_install.c -- asks every candidate for its version instead of trusting folder names: distributions
 * lay PostgreSQL out in different ways, and a wrong guess would only show after initdb. */

#include "postgres_install.h"
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const places[] = {
    "/usr/lib/postgresql/*/bin", /* Debian, Ubuntu */
    "/usr/pgsql-*/bin",          /* PostgreSQL's own packages for Red Hat and kin */
    "/usr/local/pgsql/bin",      /* built from source */
    "/usr/libexec/postgresql*",  /* Alpine */
    "/usr/local/bin",
    "/usr/bin",
};

static size_t read_all(int fd, char *ret, size_t size) {
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && ((n = read(fd, ret + len, size - 1 - len)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0) len += (size_t)n;
    ret[len] = '\0';
    return len;
}

/* "postgres (PostgreSQL) 15.4 (...)" -> 15; 0 when it does not say. */
static int ask_version(const char *program) {
    char said[256];
    const char *const argv[] = {program, "--version", NULL}, *const environment[] = {NULL};
    struct child_options options = {
        .argv = argv, .environment = environment, .dir = "/", .in = -1, .death_signal = SIGKILL};
    int fds[2], status, major = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) return 0;
    options.out = fds[1];
    if (child_start(&pid, &options, NULL) == ERR_OK) {
        close(fds[1]);
        fds[1] = -1;
        read_all(fds[0], said, sizeof said);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (sscanf(said, "postgres (PostgreSQL) %d", &major) != 1) major = 0;
    }
    close(fds[0]);
    if (fds[1] >= 0) close(fds[1]);
    return major;
}

/* The version of the PostgreSQL in `dir`, or 0: not a whole one. */
static int version_in(const char *dir) {
    char postgres[PATH_MAX], initdb[PATH_MAX];

    if (snprintf(postgres, sizeof postgres, "%s/postgres", dir) >= (int)sizeof postgres ||
        snprintf(initdb, sizeof initdb, "%s/initdb", dir) >= (int)sizeof initdb)
        return 0;
    if (access(postgres, X_OK) != 0 || access(initdb, X_OK) != 0) return 0;
    return ask_version(postgres);
}

static bool better(int version, int best, int major) {
    return major ? version == major && best == 0 : version >= POSTGRES_OLDEST && version > best;
}

static int search(char *ret, size_t size, const char *const *patterns, size_t count, int major) {
    int best = 0;

    for (size_t i = 0; i < count; i++) {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found) != 0) continue;
        for (size_t j = 0; j < found.gl_pathc; j++) {
            int version = strlen(found.gl_pathv[j]) < size ? version_in(found.gl_pathv[j]) : 0;
            if (!better(version, best, major)) continue;
            best = version;
            strcpy(ret, found.gl_pathv[j]);
        }
        globfree(&found);
    }
    return best;
}

static enum err_code take_given(char *ret, size_t size, const char *bin, int major, struct err *err) {
    char absolute[PATH_MAX];
    int version;

    if (!realpath(bin, absolute) || strlen(absolute) >= size || (version = version_in(absolute)) == 0)
        return err_set(
            err, ERR_NOT_FOUND,
            "%s does not hold PostgreSQL's programs initdb and postgres: name the folder that does, as "
            "/usr/lib/postgresql/15/bin, or none, and it is looked for (--postgres-bin)",
            bin);
    if (!better(version, 0, major))
        return err_set(err, ERR_NOT_FOUND, "%s holds PostgreSQL %d; needed is %d%s (--postgres-bin)", bin,
                       version, major ? major : POSTGRES_OLDEST,
                       major ? ", which made the data" : " or newer");
    strcpy(ret, absolute);
    return ERR_OK;
}

enum err_code postgres_install_find(char *ret, size_t size, const char *bin, int major, struct err *err) {
    if (bin && *bin) return take_given(ret, size, bin, major, err);
    if (search(ret, size, places, sizeof places / sizeof *places, major)) return ERR_OK;
    if (major)
        return err_set(err, ERR_NOT_FOUND,
                       "the data was made by PostgreSQL %d, which is not installed (any more): install it "
                       "again, or move the data to a newer one with pg_dump",
                       major);
    return err_set(err, ERR_NOT_FOUND,
                   "no PostgreSQL %d or newer is installed: install the package \"postgresql\", name the "
                   "folder of its programs with --postgres-bin, or set DATABASE_URL",
                   POSTGRES_OLDEST);
}
