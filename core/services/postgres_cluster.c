/* postgres_cluster.c -- a cluster is made aside and renamed when it is complete, so that whatever kills us
 * on the way leaves a folder that the next start throws away, never half a cluster.
 *
 * The database is made by the single-user server: it needs no socket, no password and no client library. */

#include "postgres_cluster.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const postgres_cluster_environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                                    "TZ=UTC", NULL};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static enum err_code remove_tree(const char *path, struct err *err) {
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT) return ERR_OK;
    return err_system(err, path);
}

static enum err_code run_initdb(const struct child_options *common, const char *bin, const char *cluster,
                                struct err *err) {
    char program[PATH_MAX];
    const char *const argv[] = {postgres_home_at(program, bin, "initdb"),
                                "-D",
                                cluster,
                                "-U",
                                "plateia",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--auth=trust",
                                NULL};
    struct child_options options = *common;

    options.argv = argv;
    return child_run(&options, err);
}

static enum err_code create_database(const struct child_options *common, const char *bin, const char *cluster,
                                     struct err *err) {
    static const char sql[] = "CREATE DATABASE plateia;\n";
    char program[PATH_MAX];
    const char *const argv[] = {postgres_home_at(program, bin, "postgres"),
                                "--single",
                                "-D",
                                cluster,
                                "-c",
                                "exit_on_error=on",
                                "template1",
                                NULL};
    struct child_options options = *common;
    int fds[2];
    enum err_code code = ERR_OK;

    if (pipe2(fds, O_CLOEXEC) != 0) return err_system(err, "pipe");
    options.argv = argv;
    options.in = fds[0];
    if (write(fds[1], sql, sizeof sql - 1) != sizeof sql - 1)
        code = err_system(err, "write"); /* fits a pipe */
    close(fds[1]);
    if (code == ERR_OK) code = child_run(&options, err);
    close(fds[0]);
    return code;
}

static enum err_code move_into_place(const char *from, const char *to, const char *folder, struct err *err) {
    int fd;
    enum err_code code = ERR_OK;

    if (rename(from, to) != 0) return err_system(err, to);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) code = err_system(err, folder);
    if (fd >= 0) close(fd);
    return code;
}

enum err_code postgres_cluster_make(const struct postgres_home *home, const char *bin, int log,
                                    struct err *err) {
    char cluster[PATH_MAX], fresh[PATH_MAX];
    struct child_options common = {.environment = postgres_cluster_environment,
                                   .dir = home->path,
                                   .user = home->user,
                                   .in = -1,
                                   .out = log,
                                   .death_signal = SIGKILL};
    enum err_code code;

    postgres_home_at(cluster, home->path, "cluster");
    postgres_home_at(fresh, home->path, "cluster.new");
    if (access(cluster, F_OK) == 0) return ERR_OK;
    if ((code = remove_tree(fresh, err)) != ERR_OK) return code;
    if ((code = run_initdb(&common, bin, fresh, err)) != ERR_OK) return code;
    if ((code = create_database(&common, bin, fresh, err)) != ERR_OK) return code;
    return move_into_place(fresh, cluster, home->path, err);
}
