/* embedded_postgres.c -- one thread lives through the whole story: make the cluster, start PostgreSQL, wait
 * until it dies, start it again, until it is told to stop.
 *
 * It is one thread because the parent-death signal is tied to the thread that forks. Readiness is read from
 * postmaster.pid, where PostgreSQL writes it for its own tools; so no connection, and no client library, is
 * needed here. `lock` guards what both sides touch; it is held over fork, so that stop either prevents a
 * start or has a process to signal. The process is reaped under it too: its id is never somebody else's. */

#include "embedded_postgres.h"
#include "../base/clock.h"
#include "postgres_cluster.h"
#include "postgres_home.h"
#include "postgres_install.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS          10
#define SLOW_START_MS    3000
#define OLD_ONE_MS       10000
#define STOP_MS          10000
#define BACKOFF_LEAST_MS 100
#define BACKOFF_MOST_MS  10000
#define HEALTHY_MS       60000 /* a run this long makes the next restart quick again */

enum state { STARTING, RUNNING, ENDED };

struct embedded_postgres {
    struct postgres_home home;
    char bin[PATH_MAX];
    char conninfo[2 * PATH_MAX + 64];
    unsigned connections;
    void (*progress)(const char *sentence);
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* state or stopping */
    enum state state;
    bool stopping;
    pid_t child;    /* 0: none */
    struct err err; /* why it ENDED without having been RUNNING */
};

static void say(const struct embedded_postgres *postgres, const char *sentence) {
    if (postgres->progress) postgres->progress(sentence);
}

/* --- waiting ---------------------------------------------------------------------------------------- */

/* With the lock held: until something changed or the time has come; false: it has come. */
static bool wait_until(struct embedded_postgres *postgres, int64_t deadline) {
    struct timespec at = {.tv_sec = deadline / CLOCK_NS_PER_S, .tv_nsec = deadline % CLOCK_NS_PER_S};

    return pthread_cond_timedwait(&postgres->changed, &postgres->lock, &at) == 0;
}

/* Sleeps, in the thread; false when told to stop. */
static bool pause_ms(struct embedded_postgres *postgres, int64_t ms) {
    int64_t deadline = clock_ns() + ms * CLOCK_NS_PER_MS;
    bool go_on;

    pthread_mutex_lock(&postgres->lock);
    while (!postgres->stopping && wait_until(postgres, deadline)) {
    }
    go_on = !postgres->stopping;
    pthread_mutex_unlock(&postgres->lock);
    return go_on;
}

static void tell(struct embedded_postgres *postgres, enum state state) {
    pthread_mutex_lock(&postgres->lock);
    postgres->state = state;
    pthread_cond_broadcast(&postgres->changed);
    pthread_mutex_unlock(&postgres->lock);
}

/* --- one life of the process ------------------------------------------------------------------------ */

static enum err_code explain(const struct embedded_postgres *postgres, const char *what, long log_start,
                             struct err *err) {
    char words[300];

    postgres_home_last_words(postgres->home.path, log_start, words, sizeof words);
    return err_set(err, ERR_SYSTEM, "%s%s%s (its log: %s/log)", what, *words ? ": " : "", words,
                   postgres->home.path);
}

/* After a kill -9 of the server before us its PostgreSQL may still be going down. */
static enum err_code let_old_one_go(struct embedded_postgres *postgres, struct err *err) {
    const char *path = postgres->home.path;
    int64_t begin = clock_ns();
    pid_t pid = postgres_home_postmaster(path, NULL);
    bool urged = false;
    enum process process;

    while ((process = postgres_home_process(path, pid)) >= PROCESS_UNSURE) {
        int64_t waited = (clock_ns() - begin) / CLOCK_NS_PER_MS;
        if (waited > 2 * OLD_ONE_MS)
            return err_set(err, ERR_BUSY, "a PostgreSQL (process %d) still runs in %s/cluster: stop it",
                           (int)pid, path);
        /* We hold the lock, so it is nobody's any more. */
        if (waited > OLD_ONE_MS && process == PROCESS_OURS && !urged) urged = kill(pid, SIGQUIT) == 0;
        if (!pause_ms(postgres, LOOK_MS)) return err_set(err, ERR_BUSY, "stopped");
    }
    return ERR_OK;
}

/* Forks PostgreSQL. */
static enum err_code fork_it(struct embedded_postgres *postgres, int log, struct err *err) {
    char program[PATH_MAX], cluster[PATH_MAX], sockets[PATH_MAX + 32], connections[32], stale[40];
    const char *argv[] = {postgres_home_at(program, postgres->bin, "postgres"),
                          "-D",
                          postgres_home_at(cluster, postgres->home.path, "cluster"),
                          "-c",
                          "listen_addresses=",
                          "-c",
                          sockets,
                          "-c",
                          "unix_socket_permissions=0700",
                          "-c",
                          connections,
                          "-c",
                          "fsync=on",
                          "-c",
                          "shared_buffers=128MB",
                          "-c",
                          "max_wal_size=1GB",
                          "-c",
                          "random_page_cost=1.1",
                          "-c",
                          "jit=off",
                          "-c",
                          "timezone=UTC",
                          "-c",
                          "log_timezone=UTC",
                          "-c",
                          "logging_collector=off",
                          "-c",
                          "log_destination=stderr",
                          "-c",
                          "log_checkpoints=off",
                          NULL};
    const char *environment[8] = {NULL};
    struct child_options options = {.argv = argv,
                                    .environment = environment,
                                    .dir = postgres->home.path,
                                    .user = postgres->home.user,
                                    .in = -1,
                                    .out = log,
                                    .death_signal = SIGQUIT};
    enum err_code code;
    size_t n = 0;

    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s/run", postgres->home.path);
    snprintf(connections, sizeof connections, "max_connections=%u", postgres->connections);
    while ((environment[n] = postgres_cluster_environment[n]) != NULL)
        n++;
    /* A postmaster.pid left by a kill may name a process that lives but is none of PostgreSQL's, above all
     * in containers, where ids are few. This is how PostgreSQL is told that such a process does not count. */
    snprintf(stale, sizeof stale, "PG_GRANDPARENT_PID=%d",
             (int)postgres_home_postmaster(postgres->home.path, NULL));
    environment[n] = stale;
    pthread_mutex_lock(&postgres->lock);
    code =
        postgres->stopping ? err_set(err, ERR_BUSY, "stopped") : child_start(&postgres->child, &options, err);
    pthread_mutex_unlock(&postgres->lock);
    return code;
}

/* Waits (or looks, with WNOHANG) for the end of the process; true: it has ended and is reaped. */
static bool reap(struct embedded_postgres *postgres, int flag, int *status) {
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)postgres->child, &info, WEXITED | WNOWAIT | flag) != 0 || info.si_pid == 0)
        return false;
    pthread_mutex_lock(&postgres->lock);
    waitpid(postgres->child, status, 0);
    postgres->child = 0;
    pthread_mutex_unlock(&postgres->lock);
    return true;
}

/* Ready, by a postmaster.pid that this child wrote: not the one `before` it. */
static bool is_ready(const struct embedded_postgres *postgres, struct timespec before) {
    struct timespec now = postgres_home_stamp(postgres->home.path);
    bool ready = false;

    if (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec) return false;
    return postgres_home_postmaster(postgres->home.path, &ready) == postgres->child && ready;
}

static enum err_code await_ready(struct embedded_postgres *postgres, struct timespec before, long log_start,
                                 struct err *err) {
    int64_t begin = clock_ns();
    bool told = false;
    int status;
    char what[192], words[128];

    while (!is_ready(postgres, before)) {
        if (reap(postgres, WNOHANG, &status)) {
            child_describe(status, words, sizeof words);
            snprintf(what, sizeof what, "PostgreSQL %s while it started", words);
            return explain(postgres, what, log_start, err);
        }
        if (!told && clock_ns() - begin > SLOW_START_MS * CLOCK_NS_PER_MS) {
            say(postgres, "PostgreSQL is recovering; this may take a while");
            told = true;
        }
        if (!pause_ms(postgres, LOOK_MS)) {
            reap(postgres, 0, &status);
            return err_set(err, ERR_BUSY, "stopped");
        }
    }
    return ERR_OK;
}

/* From nothing to "takes connections". */
static enum err_code bring_up(struct embedded_postgres *postgres, struct err *err) {
    long log_start = 0;
    int log = postgres_home_open_log(&postgres->home, &log_start);
    struct timespec before;
    enum err_code code;

    if (log < 0) return err_system(err, "PostgreSQL's log");
    if (postgres_home_version(postgres->home.path) == 0)
        say(postgres, "making the database; this happens once");
    code = postgres_cluster_make(&postgres->home, postgres->bin, log, err);
    if (code != ERR_OK) {
        char what[256];
        snprintf(what, sizeof what, "making the database failed: %.200s", err->text);
        explain(postgres, what, log_start, err);
        goto out;
    }
    if ((code = let_old_one_go(postgres, err)) != ERR_OK) goto out;
    before = postgres_home_stamp(postgres->home.path);
    if ((code = fork_it(postgres, log, err)) != ERR_OK) goto out;
    code = await_ready(postgres, before, log_start, err);
out:
    close(log);
    return code;
}

/* --- all its lives ---------------------------------------------------------------------------------- */

/* Restarts PostgreSQL until told to stop. */
static void keep_up(struct embedded_postgres *postgres) {
    int64_t backoff = BACKOFF_LEAST_MS, since = clock_ns();
    struct err err;
    int status;

    for (;;) {
        while (postgres->child && !reap(postgres, 0, &status)) {
        }
        if (clock_ns() - since > HEALTHY_MS * CLOCK_NS_PER_MS) backoff = BACKOFF_LEAST_MS;
        if (!pause_ms(postgres, backoff)) return;
        backoff = backoff * 2 < BACKOFF_MOST_MS ? backoff * 2 : BACKOFF_MOST_MS;
        say(postgres, "PostgreSQL ended unexpectedly; starting it again");
        since = clock_ns();
        if (bring_up(postgres, &err) != ERR_OK) say(postgres, err.text);
    }
}

static void *live(void *arg) {
    struct embedded_postgres *postgres = arg;
    struct err err = {0};

    if (bring_up(postgres, &err) == ERR_OK) {
        tell(postgres, RUNNING);
        keep_up(postgres);
    }
    postgres->err = err;
    tell(postgres, ENDED);
    return NULL;
}

/* --- the other side --------------------------------------------------------------------------------- */

static enum err_code start_thread(struct embedded_postgres *postgres, struct err *err) {
    pthread_condattr_t monotonic;
    sigset_t all, before;
    int failure;

    pthread_mutex_init(&postgres->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&postgres->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all); /* signals are the main thread's affair */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&postgres->thread, NULL, live, postgres);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure ? err_set(err, ERR_SYSTEM, "thread: %s", strerror(failure)) : ERR_OK;
}

static enum err_code await_first_start(struct embedded_postgres *postgres, struct err *err) {
    enum state state;

    pthread_mutex_lock(&postgres->lock);
    while (postgres->state == STARTING)
        pthread_cond_wait(&postgres->changed, &postgres->lock);
    state = postgres->state;
    pthread_mutex_unlock(&postgres->lock);
    if (state == RUNNING) return ERR_OK;
    pthread_join(postgres->thread, NULL);
    return err_set(err, postgres->err.code, "%s", postgres->err.text);
}

static void free_all(struct embedded_postgres *postgres) {
    postgres_home_close(&postgres->home);
    free(postgres);
}

enum err_code embedded_postgres_start(struct embedded_postgres **ret,
                                      const struct embedded_postgres_options *options, struct err *err) {
    struct embedded_postgres *postgres = calloc(1, sizeof *postgres);
    enum err_code code;

    if (!postgres) return err_set(err, ERR_NO_MEMORY, "no memory");
    postgres->home.lock = -1;
    postgres->connections = options->connections;
    postgres->progress = options->progress;
    if ((code = postgres_home_open(&postgres->home, options->data, err)) != ERR_OK) goto out;
    code = postgres_install_find(postgres->bin, sizeof postgres->bin, options->bin,
                                 postgres_home_version(postgres->home.path), err);
    if (code != ERR_OK) goto out;
    code = postgres_home_conninfo(postgres->conninfo, sizeof postgres->conninfo, postgres->home.path, err);
    if (code != ERR_OK) goto out;
    if ((code = start_thread(postgres, err)) != ERR_OK) goto out;
    if ((code = await_first_start(postgres, err)) != ERR_OK) goto out;
    *ret = postgres;
out:
    if (code != ERR_OK) free_all(postgres);
    return code;
}

const char *embedded_postgres_conninfo(const struct embedded_postgres *postgres) {
    return postgres->conninfo;
}

void embedded_postgres_stop(struct embedded_postgres *postgres) {
    /* Each tried when the one before has not ended it: fast, immediate, and no more asking. */
    static const int signals[] = {SIGINT, SIGQUIT, SIGKILL};

    if (!postgres) return;
    pthread_mutex_lock(&postgres->lock);
    postgres->stopping = true;
    pthread_cond_broadcast(&postgres->changed);
    for (size_t i = 0; i < sizeof signals / sizeof *signals && postgres->state != ENDED; i++) {
        int64_t deadline = clock_ns() + STOP_MS * CLOCK_NS_PER_MS;
        if (postgres->child) kill(postgres->child, signals[i]);
        while (postgres->state != ENDED && wait_until(postgres, deadline)) {
        }
    }
    pthread_mutex_unlock(&postgres->lock);
    pthread_join(postgres->thread, NULL);
    pthread_cond_destroy(&postgres->changed);
    pthread_mutex_destroy(&postgres->lock);
    free_all(postgres);
}

enum err_code embedded_postgres_running(const char *data, char *ret, size_t size, struct err *err) {
    char path[PATH_MAX];
    bool ready = false;
    pid_t pid;
    enum err_code code = postgres_home_resolve(path, data, err);

    if (code != ERR_OK) return code;
    if (access(path, F_OK) == 0 && access(path, X_OK) != 0)
        return err_set(err, ERR_DENIED, "%s belongs to another user: run this as the server's user", path);
    pid = postgres_home_postmaster(path, &ready);
    if (postgres_home_process(path, pid) < PROCESS_UNSURE)
        return err_set(err, ERR_NOT_FOUND, "no server is running on the data folder %s", data);
    if (!ready) return err_set(err, ERR_BUSY, "the server on the data folder %s is still starting", data);
    return postgres_home_conninfo(ret, size, path, err);
}
