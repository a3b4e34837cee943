/* test_embedded_postgres.c -- a real PostgreSQL starts, stops, comes back, and never outlives its owner. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/postgres_home.h"
#include "../support/postgres.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char folder[64], data[96], home[PATH_MAX];

static int make(void **state) {
    (void)state;
    folder_make(folder);
    snprintf(data, sizeof data, "%s/with space/data", folder);
    snprintf(home, sizeof home, "%s/postgres", data);
    return 0;
}

static int clean(void **state) {
    (void)state;
    folder_remove(folder);
    return 0;
}

/* Looks again and again until `condition` holds or `ms` have passed. */
#define WAIT_FOR(condition, ms)                                                                              \
    do {                                                                                                     \
        int64_t deadline_ = clock_ns() + (ms)*CLOCK_NS_PER_MS;                                               \
        while (!(condition) && clock_ns() < deadline_)                                                       \
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);                                         \
        assert_true(condition);                                                                              \
    } while (0)

/* How many processes work in the folder of the cluster (whole or still being made). */
static int processes(void) {
    DIR *proc = opendir("/proc");
    char link[300], cwd[PATH_MAX];
    int count = 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        snprintf(link, sizeof link, "/proc/%s/cwd", entry->d_name);
        ssize_t len =
            entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? readlink(link, cwd, sizeof cwd) : -1;
        if (len >= (ssize_t)strlen(home) && memcmp(cwd, home, strlen(home)) == 0) count++;
    }
    closedir(proc);
    return count;
}

static bool owned_by_other(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    return geteuid() != 0 || st.st_uid != 0;
}

/* --- starting and stopping --------------------------------------------------------------------------- */

static void test_starts_and_comes_back_with_its_data(void **state) {
    (void)state;
    skip_without_postgres();
    struct embedded_postgres *postgres = postgres_start(data);
    struct session *session = postgres_session(embedded_postgres_conninfo(postgres));
    assert_string_equal(postgres_ask(session, "SELECT current_database() || ' ' || current_user"),
                        "plateia plateia");
    assert_string_equal(postgres_ask(session, "SHOW server_encoding"), "UTF8");
    assert_string_equal(postgres_ask(session, "SHOW listen_addresses"), "");
    assert_string_equal(postgres_ask(session, "SHOW max_connections"), "20");
    assert_string_equal(postgres_ask(session, "SHOW fsync"), "on");
    postgres_exec(session, "CREATE TABLE kept AS SELECT 42 AS n");
    session_close(session);
    assert_true(owned_by_other(home));
    embedded_postgres_stop(postgres);
    assert_int_equal(processes(), 0);

    postgres = postgres_start(data);
    session = postgres_session(embedded_postgres_conninfo(postgres));
    assert_string_equal(postgres_ask(session, "SELECT n FROM kept"), "42");
    session_close(session);
    embedded_postgres_stop(postgres);
}

static void test_relative_folder(void **state) {
    (void)state;
    skip_without_postgres();
    char before[PATH_MAX], *found;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    struct embedded_postgres *postgres = postgres_start("with space/data");
    found = strstr(embedded_postgres_conninfo(postgres), home);
    embedded_postgres_stop(postgres);
    assert_int_equal(chdir(before), 0);
    assert_non_null(found);
}

static void test_only_one_on_a_folder(void **state) {
    (void)state;
    skip_without_postgres();
    char conninfo[PATH_MAX];
    struct embedded_postgres_options options = {.data = data, .bin = "", .connections = 20};
    struct embedded_postgres *postgres = postgres_start(data), *second = NULL;
    struct err err = {0};
    assert_int_equal(embedded_postgres_start(&second, &options, &err), ERR_BUSY);
    assert_null(second);
    assert_non_null(strstr(err.text, data));
    assert_ok(embedded_postgres_running(data, conninfo, sizeof conninfo, &err), &err);
    assert_string_equal(conninfo, embedded_postgres_conninfo(postgres));
    assert_int_equal(embedded_postgres_running(data, conninfo, 10, &err), ERR_LIMIT);
    embedded_postgres_stop(postgres);
    assert_int_equal(embedded_postgres_running(data, conninfo, sizeof conninfo, &err), ERR_NOT_FOUND);
}

/* --- what the child gets from us, and what not -------------------------------------------------------- */

static void test_inherits_nothing(void **state) {
    (void)state;
    skip_without_postgres();
    char path[64], target[PATH_MAX], secret[PATH_MAX], line[256];
    sigset_t before, some;
    struct dirent *entry;
    snprintf(secret, sizeof secret, "%s/secret", folder);
    int fd = open(secret, O_RDWR | O_CREAT, 0600); /* without O_CLOEXEC */
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    sigprocmask(SIG_BLOCK, &some, &before);
    struct embedded_postgres *postgres = postgres_start(data);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR2, SIG_DFL);
    pid_t pid = postgres_home_postmaster(home, NULL);
    assert_true(pid > 0);
    assert_int_not_equal(getpgid(pid), getpgid(0));
    assert_int_not_equal(getsid(pid), getsid(0));
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    assert_non_null(fds);
    int seen = 0;
    while ((entry = readdir(fds)) != NULL) {
        ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof target - 1);
        if (len < 0) continue;
        target[len] = '\0';
        seen++;
        assert_string_not_equal(target, secret);
        assert_null(strstr(target, "/data/lock"));
    }
    closedir(fds);
    close(fd);
    assert_true(seen > 3);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "r");
    unsigned long long ignored = ~0ULL;
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "SigIgn:", 7) == 0) ignored = strtoull(line + 7, NULL, 16);
    fclose(status);
    embedded_postgres_stop(postgres);
    assert_int_equal(ignored >> (SIGUSR2 - 1) & 1, 0);
}

/* --- deaths -------------------------------------------------------------------------------------------- */

static void test_restarted_when_it_dies(void **state) {
    (void)state;
    skip_without_postgres();
    char conninfo[PATH_MAX];
    struct embedded_postgres *postgres = postgres_start(data);
    struct session *session = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(session, "CREATE TABLE before_crash AS SELECT 7 AS n");
    session_close(session);
    pid_t first = postgres_home_postmaster(home, NULL);
    assert_int_equal(kill(first, SIGKILL), 0);
    WAIT_FOR(postgres_home_postmaster(home, NULL) != first &&
                 embedded_postgres_running(data, conninfo, sizeof conninfo, NULL) == ERR_OK,
             PATIENCE_MS);
    session = postgres_session(conninfo);
    assert_string_equal(postgres_ask(session, "SELECT n FROM before_crash"), "7");
    session_close(session);
    embedded_postgres_stop(postgres);
    assert_int_equal(processes(), 0);
}

/* Another program that has one running; SIGKILL ends it when `when` says so. */
static void kill_a_server(bool (*when)(void)) {
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind */
        struct embedded_postgres_options options = {.data = data, .bin = "", .connections = 20};
        struct embedded_postgres *postgres;
        if (embedded_postgres_start(&postgres, &options, NULL) != ERR_OK) _exit(1);
        for (;;)
            pause();
    }
    assert_true(pid > 0);
    WAIT_FOR(when() || waitpid(pid, NULL, WNOHANG) == pid, PATIENCE_MS);
    assert_true(when());
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool is_up(void) {
    char conninfo[PATH_MAX];
    /* With its helpers: that is what must be gone later. */
    return embedded_postgres_running(data, conninfo, sizeof conninfo, NULL) == ERR_OK && processes() >= 5;
}

static void test_nothing_left_three_seconds_after_kill(void **state) {
    (void)state;
    skip_without_postgres();
    kill_a_server(is_up);
    int64_t begin = clock_ns();
    WAIT_FOR(processes() == 0, 3000);
    print_message("gone after %d ms\n", (int)((clock_ns() - begin) / CLOCK_NS_PER_MS));
    embedded_postgres_stop(postgres_start(data));
}

/* The next start comes while the old one is still going down. */
static void test_starts_at_once_after_kill(void **state) {
    (void)state;
    skip_without_postgres();
    kill_a_server(is_up);
    struct embedded_postgres *postgres = postgres_start(data);
    struct session *session = postgres_session(embedded_postgres_conninfo(postgres));
    assert_string_equal(postgres_ask(session, "SELECT 1"), "1");
    session_close(session);
    embedded_postgres_stop(postgres);
}

static bool is_in_initdb(void) {
    char path[PATH_MAX];
    return access(postgres_home_at(path, home, "cluster.new/global/pg_control"), F_OK) == 0;
}

static void test_killed_while_the_cluster_is_made(void **state) {
    (void)state;
    skip_without_postgres();
    char path[PATH_MAX];
    folder_remove(data);
    kill_a_server(is_in_initdb);
    WAIT_FOR(processes() == 0, 3000);
    assert_int_equal(access(postgres_home_at(path, home, "cluster"), F_OK), -1);
    embedded_postgres_stop(postgres_start(data));
    assert_int_equal(access(postgres_home_at(path, home, "cluster.new"), F_OK), -1);
}

/* What a container leaves behind: an id that somebody else has now. PostgreSQL by itself would refuse. */
static void test_stale_pid_of_a_stranger(void **state) {
    (void)state;
    skip_without_postgres();
    char path[PATH_MAX];
    struct stat st;
    int alive[2];
    embedded_postgres_stop(postgres_start(data));
    assert_int_equal(stat(home, &st), 0);
    assert_int_equal(pipe(alive), 0);
    pid_t stranger = fork();
    if (stranger == 0) {
        if (geteuid() == 0 && setuid(st.st_uid) != 0) _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(alive[1], "x", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(alive[0], path, 1), 1);
    close(alive[0]);
    close(alive[1]);
    FILE *file = fopen(postgres_home_at(path, home, "cluster/postmaster.pid"), "w");
    fprintf(file, "%d\n%s/cluster\n1700000000\n5432\n%s/run\n\n  0  0\nready   \n", (int)stranger, home,
            home);
    fclose(file);
    assert_int_equal(chown(path, st.st_uid, st.st_gid), 0);
    struct embedded_postgres *postgres = postgres_start(data);
    assert_int_not_equal(postgres_home_postmaster(home, NULL), stranger);
    embedded_postgres_stop(postgres);
    assert_int_equal(kill(stranger, SIGKILL), 0);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

/* --- what can not work is told -------------------------------------------------------------------------- */

static void refused(const char *where, const char *bin, enum err_code code, const char *hint) {
    struct embedded_postgres_options options = {.data = where, .bin = bin, .connections = 20};
    struct embedded_postgres *postgres = NULL;
    struct err err = {0};
    assert_int_equal(embedded_postgres_start(&postgres, &options, &err), code);
    assert_null(postgres);
    if (!strstr(err.text, hint)) fail_msg("\"%s\" lacks \"%s\"", err.text, hint);
}

static void test_refusals(void **state) {
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%080d", folder, 0);
    refused(path, "", ERR_INVALID, "choose a shorter one");
    snprintf(path, sizeof path, "%s/a,b", folder);
    refused(path, "", ERR_INVALID, "comma");
    snprintf(path, sizeof path, "%s/other", folder);
    refused(path, folder, ERR_NOT_FOUND, "initdb");
}

static void test_failure_is_explained(void **state) {
    (void)state;
    skip_without_postgres();
    char path[PATH_MAX];
    embedded_postgres_stop(postgres_start(data));
    FILE *file = fopen(postgres_home_at(path, home, "cluster/postgresql.auto.conf"), "a");
    fprintf(file, "no_such_setting = on\n");
    fclose(file);
    refused(data, "", ERR_SYSTEM, "FATAL:  configuration file");
    refused(data, "", ERR_SYSTEM, "/postgres/log");
}

static void test_data_of_a_version_that_is_gone(void **state) {
    (void)state;
    skip_without_postgres();
    char path[PATH_MAX];
    FILE *file = fopen(postgres_home_at(path, home, "cluster/PG_VERSION"), "w");
    assert_non_null(file);
    fprintf(file, "9\n");
    fclose(file);
    refused(data, "", ERR_NOT_FOUND, "PostgreSQL 9");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_and_comes_back_with_its_data),
        cmocka_unit_test(test_relative_folder),
        cmocka_unit_test(test_only_one_on_a_folder),
        cmocka_unit_test(test_inherits_nothing),
        cmocka_unit_test(test_restarted_when_it_dies),
        cmocka_unit_test(test_nothing_left_three_seconds_after_kill),
        cmocka_unit_test(test_starts_at_once_after_kill),
        cmocka_unit_test(test_stale_pid_of_a_stranger),
        cmocka_unit_test(test_killed_while_the_cluster_is_made),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_failure_is_explained),
        cmocka_unit_test(test_data_of_a_version_that_is_gone), /* last: it spoils the cluster */
    };
    return cmocka_run_group_tests(tests, make, clean);
}
