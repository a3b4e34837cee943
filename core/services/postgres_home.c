/* postgres_home.c -- DATA is shared with others, so it stays open to all; DATA/postgres is closed to all but
 * PostgreSQL's user, and with it the socket, which is why nobody needs a password there.
 *
 * PostgreSQL refuses to run as root. Then it runs as whoever the folder belongs to already (user ids differ
 * between machines and images, files stay), else as "postgres", else as "nobody". */

#include "postgres_home.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET      "/run/.s.PGSQL.5432"
#define SOCKET_MAX  107
#define LOG_MAX     (1024 * 1024)
#define STATUS_LINE 8 /* of postmaster.pid */

#define LOCK_TRIES    40
#define LOCK_PAUSE_NS 50000000L /* 2 s in all */

const char *postgres_home_at(char ret[PATH_MAX], const char *path, const char *name) {
    if (snprintf(ret, PATH_MAX, "%s/%s", path, name) >= PATH_MAX) ret[0] = '\0';
    return ret;
}

/* --- paths ------------------------------------------------------------------------------------------ */

enum err_code postgres_home_resolve(char ret[PATH_MAX], const char *data, struct err *err) {
    char absolute[PATH_MAX];

    if (!realpath(data, absolute))
        return err_set(err, ERR_NOT_FOUND, "%s: %s (--data names the data folder)", data, strerror(errno));
    if (strlen(absolute) + strlen("/postgres" SOCKET) > SOCKET_MAX)
        return err_set(err, ERR_INVALID,
                       "the path of the data folder is too long: a socket's may have %d bytes, and "
                       "%s/postgres" SOCKET " has more; choose a shorter one",
                       SOCKET_MAX, absolute);
    if (absolute[strcspn(absolute, ",\"\n")])
        return err_set(err, ERR_INVALID,
                       "%s: no comma, quote or line break may stand in the data folder's path", absolute);
    postgres_home_at(ret, absolute, "postgres");
    return ERR_OK;
}

enum err_code postgres_home_conninfo(char *ret, size_t size, const char *path, struct err *err) {
    char host[2 * PATH_MAX], *to = host;
    int len;

    for (const char *from = path; *from; from++) {
        if (*from == '\'' || *from == '\\') *to++ = '\\';
        *to++ = *from;
    }
    *to = '\0';
    len = snprintf(ret, size, "host='%s/run' user=plateia dbname=plateia", host);
    return len < (int)size ? ERR_OK : err_set(err, ERR_LIMIT, "no room for the conninfo");
}

/* mkdir -p. Folders that it makes can be passed through by PostgreSQL's user whatever our umask is. */
static enum err_code make_folders(const char *path, struct err *err) {
    char part[PATH_MAX];

    if (strlen(path) >= sizeof part) return err_set(err, ERR_INVALID, "%s: too long", path);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0755) == 0 ? chmod(part, 0755) == 0 : errno == EEXIST) continue;
        err_system(err, part);
        err_advise(err, "name a data folder that this user may make (--data)");
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* --- the owner -------------------------------------------------------------------------------------- */

static enum err_code choose_user(struct child_user *ret, const char *path, struct err *err) {
    static const char *const names[] = {"postgres", "nobody"};
    struct stat st;
    struct passwd entry, *found = NULL;
    char memory[4096];

    *ret = (struct child_user){.change = geteuid() == 0};
    if (!ret->change) return ERR_OK;
    if (stat(path, &st) == 0 && st.st_uid != 0) {
        ret->uid = st.st_uid;
        ret->gid = st.st_gid;
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        getpwnam_r(names[i], &entry, memory, sizeof memory, &found);
    if (!found)
        return err_set(
            err, ERR_NOT_FOUND,
            "PostgreSQL does not run as root, and there is neither a user "
            "\"postgres\" nor \"nobody\" to run it as: make one (useradd --system postgres), or run this "
            "as another user");
    ret->uid = found->pw_uid;
    ret->gid = found->pw_gid;
    return ERR_OK;
}

static enum err_code make_private(const char *path, const struct child_user *user, struct err *err) {
    if ((mkdir(path, 0700) == 0 || errno == EEXIST) &&
        (!user->change || lchown(path, user->uid, user->gid) == 0))
        return ERR_OK;
    err_system(err, path);
    err_advise(err, "name a data folder that this user may write to (--data)");
    return ERR_SYSTEM;
}

/* --- opening ---------------------------------------------------------------------------------------- */

/* A server that was killed a moment ago may still be on its way out: its lock is worth a short wait. */
static bool lock_soon(int fd) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR) return false;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}

static enum err_code take_lock(int *ret, const char *data, struct err *err) {
    char path[PATH_MAX];
    enum err_code code;
    int fd = open(postgres_home_at(path, data, "lock"), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) return err_system(err, path);
    if (lock_soon(fd)) {
        *ret = fd;
        return ERR_OK;
    }
    if (errno == EWOULDBLOCK)
        code = err_set(err, ERR_BUSY,
                       "another server uses the data folder %s: stop it, or choose another folder", data);
    else
        code = err_system(err, path);
    close(fd);
    return code;
}

enum err_code postgres_home_open(struct postgres_home *ret, const char *data, struct err *err) {
    struct postgres_home home = {.lock = -1};
    char run[PATH_MAX];
    enum err_code code;

    if ((code = make_folders(data, err)) != ERR_OK) return code;
    if ((code = postgres_home_resolve(home.path, data, err)) != ERR_OK) return code;
    if ((code = take_lock(&home.lock, data, err)) != ERR_OK) return code;
    if ((code = choose_user(&home.user, home.path, err)) != ERR_OK) goto out;
    if ((code = make_private(home.path, &home.user, err)) != ERR_OK) goto out;
    if ((code = make_private(postgres_home_at(run, home.path, "run"), &home.user, err)) != ERR_OK) goto out;
    *ret = home;
out:
    if (code != ERR_OK) postgres_home_close(&home);
    return code;
}

void postgres_home_close(struct postgres_home *home) {
    if (home->lock >= 0) close(home->lock);
    home->lock = -1;
}

/* --- what the files say ------------------------------------------------------------------------------ */

int postgres_home_version(const char *path) {
    char name[PATH_MAX];
    int version = 0;
    FILE *file = fopen(postgres_home_at(name, path, "cluster/PG_VERSION"), "re");

    if (!file) return 0;
    if (fscanf(file, "%d", &version) != 1) version = 0;
    fclose(file);
    return version;
}

pid_t postgres_home_postmaster(const char *path, bool *ready) {
    char name[PATH_MAX], line[512];
    bool is_ready = false;
    long pid = 0;
    FILE *file = fopen(postgres_home_at(name, path, "cluster/postmaster.pid"), "re");

    if (!file) return 0;
    for (int i = 1; i <= STATUS_LINE && fgets(line, sizeof line, file); i++) {
        if (i == 1) pid = strtol(line, NULL, 10);
        if (i == STATUS_LINE) is_ready = strncmp(line, "ready", 5) == 0;
    }
    fclose(file);
    if (ready) *ready = is_ready;
    return pid > 0 ? (pid_t)pid : 0;
}

struct timespec postgres_home_stamp(const char *path) {
    char name[PATH_MAX];
    struct stat st;

    if (stat(postgres_home_at(name, path, "cluster/postmaster.pid"), &st) != 0) return (struct timespec){0};
    return st.st_mtim;
}

/* Of /proc/PID/stat, "27 (postgres) S ...": is it a PostgreSQL that is more than an unread exit code? */
static bool is_postgres(pid_t pid) {
    char path[64], name[32] = "", state = 'Z';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file) return false;
    if (fscanf(file, "%*d (%31[^)]) %c", name, &state) != 2) state = 'Z';
    fclose(file);
    return state != 'Z' && (strcmp(name, "postgres") == 0 || strcmp(name, "postmaster") == 0);
}

enum process postgres_home_process(const char *path, pid_t pid) {
    char cluster[PATH_MAX], cwd[64];
    struct stat ours, its;

    if (pid <= 0 || kill(pid, 0) != 0) return PROCESS_GONE;
    if (!is_postgres(pid)) return PROCESS_STRANGER;
    snprintf(cwd, sizeof cwd, "/proc/%d/cwd", (int)pid);
    if (stat(cwd, &its) != 0 || stat(postgres_home_at(cluster, path, "cluster"), &ours) != 0)
        return PROCESS_UNSURE; /* in a container even root may not look */
    return its.st_dev == ours.st_dev && its.st_ino == ours.st_ino ? PROCESS_OURS : PROCESS_STRANGER;
}

/* --- the log ---------------------------------------------------------------------------------------- */

int postgres_home_open_log(const struct postgres_home *home, long *start) {
    char path[PATH_MAX], old[PATH_MAX];
    struct stat st;
    int fd;

    postgres_home_at(path, home->path, "log");
    if (lstat(path, &st) == 0 && st.st_size > LOG_MAX)
        rename(path, postgres_home_at(old, home->path, "log.old"));
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    if (fstat(fd, &st) != 0 || (home->user.change && fchown(fd, home->user.uid, home->user.gid) != 0)) {
        close(fd);
        return -1;
    }
    *start = (long)st.st_size;
    return fd;
}

static bool explains(const char *line) {
    return strstr(line, "FATAL:") || strstr(line, "PANIC:") || strstr(line, "ERROR:") ||
           strstr(line, "error:");
}

void postgres_home_last_words(const char *path, long start, char *ret, size_t size) {
    char name[PATH_MAX], line[512];
    bool explained = false;
    FILE *file = fopen(postgres_home_at(name, path, "log"), "re");

    ret[0] = '\0';
    if (!file) return;
    if (fseek(file, start, SEEK_SET) == 0)
        while (fgets(line, sizeof line, file)) {
            line[strcspn(line, "\n")] = '\0';
            if (!line[0] || (explained && !explains(line))) continue;
            explained = explains(line);
            snprintf(ret, size, "%s", line);
        }
    fclose(file);
}
