/* serve.c -- `plateia serve`, as a story: lay the foundation, raise the workers, open the doors, wait for a
 * signal, drain, close in reverse. */

#include "../assembly/foundation.h"
#include "../assembly/import.h"
#include "../assembly/outbox.h"
#include "../assembly/scrape.h"
#include "../assembly/web.h"
#include "../assembly/worker.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/notify.h"
#include "../http/address.h"
#include "../http/admin.h"
#include "../http/admin_gate.h"
#include "../http/assets.h"
#include "../http/server.h"
#include "../http/streams.h"
#include "../script/reload.h"
#include "../script/sources.h"
#include "../services/db/pool.h"
#include "../services/db/rows.h"
#include "commands.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS    256
#define MAINTAIN_EVERY (24 * 3600)
#define MAINTAIN_RETRY 60
#define OUTBOX_SHOWN   100

struct serving {
    struct foundation foundation;
    struct worker *workers[MAX_WORKERS];
    unsigned worker_count;
    struct admin *admin;
    struct import *import;
    struct assets *page; /* the operators'; NULL: none */
    _Atomic bool listening, maintained, draining;
};

/* ---- readiness ---- */

static bool ready(void *ctx, const char **ret_reason) {
    struct serving *serving = ctx;
    if (atomic_load(&serving->draining))
        *ret_reason = "the server is shutting down";
    else if (!atomic_load(&serving->listening))
        *ret_reason = "the server is starting";
    else if (!atomic_load(&serving->maintained))
        *ret_reason = "housekeeping has not succeeded yet";
    else if (!pool_ready(serving->foundation.pool))
        *ret_reason = "the database cannot be reached";
    else
        return true;
    return false;
}

static void maintain(struct serving *serving) {
    struct err err = {0};
    if (foundation_maintain(&serving->foundation, &err) == ERR_OK)
        atomic_store(&serving->maintained, true);
    else
        log_event(LOG_ERROR, "housekeeping failed", log_text("reason", err.text));
}

/* ---- an import, asked for by an operator ---- */

static enum err_code begin_import(void *ctx, const char *adapter, char *body, size_t len, struct err *err) {
    struct serving *serving = ctx;
    if (atomic_load(&serving->listening) && !atomic_load(&serving->draining))
        return import_begin(serving->import, serving->workers[0], adapter, body, len, err);
    free(body);
    return err_set(err, ERR_TIMEOUT, "the server is starting or shutting down: try again in a moment");
}

static void say_import(void *ctx, struct buf *ret) {
    struct serving *serving = ctx;
    import_state(serving->import, ret);
}

/* ---- the scripts, as an operator sees them ---- */

static enum err_code reload_scripts(void *ctx, bool dry_run, struct buf *ret, struct err *err) {
    struct serving *serving = ctx;
    struct reload_order order = {.by = "admin", .dry_run = dry_run};
    return reload_run(serving->foundation.reload, &order, ret, err);
}

static enum err_code roll_back(void *ctx, unsigned to, struct buf *ret, struct err *err) {
    struct serving *serving = ctx;
    struct reload_order order = {.by = "rollback", .roll_back = true, .rollback_to = to};
    return reload_run(serving->foundation.reload, &order, ret, err);
}

static void say_scripts(void *ctx, struct buf *ret) {
    struct serving *serving = ctx;
    reload_state(serving->foundation.reload, ret);
}

/* ---- the outbox ---- */

/* Operators are heard before the first scripts are served: until then there are no queries. */
static enum err_code hold_sources(struct serving *serving, struct sources **ret, struct err *err) {
    *ret = reload_sources(serving->foundation.reload);
    return *ret ? ERR_OK : err_set(err, ERR_TIMEOUT, "the server is starting: try again in a moment");
}

static enum err_code say_outbox(void *ctx, struct buf *ret, struct err *err) {
    struct serving *serving = ctx;
    struct sources *sources = NULL;
    struct rows *rows = NULL;
    enum err_code code = hold_sources(serving, &sources, err);
    if (code == ERR_OK)
        code = outbox_list(serving->foundation.conninfo, sources->queries, OUTBOX_SHOWN, &rows, err);
    sources_drop(sources);
    if (code != ERR_OK) return code;
    buf_addf(ret, "{\"most\":%d,\"items\":", OUTBOX_SHOWN);
    outbox_say(rows, ret);
    buf_add_char(ret, '}');
    rows_free(rows);
    return ERR_OK;
}

static enum err_code retry_outbox(void *ctx, const char *key, struct buf *ret, struct err *err) {
    struct serving *serving = ctx;
    struct sources *sources = NULL;
    size_t count = 0;
    enum err_code code = hold_sources(serving, &sources, err);
    if (code == ERR_OK)
        code = outbox_put_back(serving->foundation.conninfo, sources->queries, key, &count, err);
    sources_drop(sources);
    if (code == ERR_OK) buf_addf(ret, "{\"due\":%zu}", count);
    return code;
}

/* ---- what is counted ---- */

/* The workers are not looked at before all of them are there. */
static void say_metrics(void *ctx, struct buf *ret) {
    struct serving *serving = ctx;
    const char *reason;
    struct scrape scrape = {.foundation = &serving->foundation,
                            .workers = serving->workers,
                            .worker_count = atomic_load(&serving->listening) ? serving->worker_count : 0,
                            .ready = ready(serving, &reason)};
    scrape_write(&scrape, ret);
}

/* ---- building ---- */

/* As many open files as the system lets us have: each client is one. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum err_code seed(struct serving *serving, struct err *err) {
    struct buf report = {0};
    enum err_code code = worker_job(serving->workers[0], JOB_SEED, NULL, 0, &report, err);
    if (code == ERR_OK && report.len) log_event(LOG_INFO, "seeded", log_text("report", report.data));
    buf_done(&report);
    return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static enum err_code raise_workers(struct serving *serving, struct err *err) {
    unsigned count = (unsigned)serving->foundation.settings->workers;
    for (; serving->worker_count < count; serving->worker_count++) {
        enum err_code code = worker_new(&serving->workers[serving->worker_count], &serving->foundation,
                                        serving->worker_count, err);
        if (code != ERR_OK) return code;
    }
    return ERR_OK;
}

/* Workers share their port, so a second server would silently share it as well: asked for alone first, a port
 * that is taken is told before anything is started. */
static enum err_code check_port(const struct settings *settings, struct err *err) {
    int fd;
    enum err_code code = address_listen(&fd, settings->listen, false, NULL, err);
    if (code == ERR_OK)
        close(fd);
    else
        err_advise(err, "--listen says where people are served");
    return code;
}

/* The first worker's socket settles the port; the others join it. */
static enum err_code open_doors(struct serving *serving, struct err *err) {
    const struct settings *settings = serving->foundation.settings;
    char address[300];
    unsigned port = 0;
    enum err_code observed = worker_observe(serving->workers[0], err);
    if (observed != ERR_OK) return observed;
    snprintf(address, sizeof address, "%s", settings->listen);
    for (unsigned i = 0; i < serving->worker_count; i++) {
        int fd;
        enum err_code code = server_listen(&fd, address, i == 0 ? &port : NULL, err);
        if (code == ERR_OK) code = worker_serve(serving->workers[i], fd, err);
        if (code != ERR_OK) return code;
        char *colon = strrchr(address, ':');
        snprintf(colon + 1, sizeof address - (size_t)(colon + 1 - address), "%u", port);
    }
    atomic_store(&serving->listening, true);
    log_event(LOG_INFO, "listening", log_text("address", address),
              log_int("admin_port", admin_port(serving->admin)), log_int("workers", serving->worker_count));
    return ERR_OK;
}

static enum err_code open_admin(struct serving *serving, struct err *err) {
    struct admin_view view = {.ready = ready,
                              .import = begin_import,
                              .import_state = say_import,
                              .reload = reload_scripts,
                              .rollback = roll_back,
                              .scripts = say_scripts,
                              .outbox = say_outbox,
                              .outbox_retry = retry_outbox,
                              .page = serving->page,
                              .metrics = say_metrics,
                              .ctx = serving};
    const struct settings *settings = serving->foundation.settings;
    enum err_code code = admin_new(&serving->admin, settings->admin_listen, settings->admin_token, view, err);
    if (code == ERR_OK)
        foundation_note_admin(&serving->foundation, admin_port(serving->admin));
    else
        err_advise(err, "--admin-listen says where operators are served");
    return code;
}

/* ---- waiting ---- */

/* For a service manager (systemd, where the unit says Type=notify). */
static void tell_manager(const char *state) {
    struct err err = {0};
    if (notify_send(getenv("NOTIFY_SOCKET"), state, &err) != ERR_OK)
        log_event(LOG_WARN, "the service manager was not told", log_text("reason", err.text));
}

static sigset_t block_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signals;
}

/* An operator's signal that came while the server still starts; it stays pending. */
static bool interrupted(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}

/* As process 1 of a container we inherit whatever loses its parent, PostgreSQL's helpers for one. Those
 * become children of this, the first thread; what other threads have started they wait for themselves. */
static void reap_orphans(void) {
    while (waitpid(-1, NULL, WNOHANG | __WNOTHREAD) > 0) {
    }
}

/* Until SIGTERM or SIGINT; SIGHUP reloads; housekeeping daily, or soon again while it fails. */
static void wait_for_signal(struct serving *serving, const sigset_t *signals) {
    int64_t since = clock_ns();
    for (;;) {
        reap_orphans();
        bool fine = atomic_load(&serving->maintained);
        int64_t left = since + (fine ? MAINTAIN_EVERY : MAINTAIN_RETRY) * CLOCK_NS_PER_S - clock_ns();
        if (left <= 0) {
            maintain(serving);
            since = clock_ns();
            continue;
        }
        struct timespec pause = {.tv_sec = left / CLOCK_NS_PER_S, .tv_nsec = left % CLOCK_NS_PER_S};
        int number = sigtimedwait(signals, NULL, &pause);
        if (number == SIGTERM || number == SIGINT) break;
        if (number == SIGHUP) reload_wake(serving->foundation.reload, "signal");
    }
}

static void drain(struct serving *serving) {
    int64_t grace = serving->foundation.settings->drain_timeout_ms;
    atomic_store(&serving->draining, true);
    reload_stop(serving->foundation.reload);
    streams_drain(serving->foundation.streams);
    for (unsigned i = 0; i < serving->worker_count; i++)
        worker_drain(serving->workers[i], grace);
    for (unsigned i = 0; i < serving->worker_count; i++)
        worker_join(serving->workers[i]);
}

static void close_all(struct serving *serving) {
    admin_free(serving->admin);
    assets_free(serving->page);
    foundation_quiet(&serving->foundation);
    for (unsigned i = 0; i < serving->worker_count; i++)
        worker_free(serving->workers[i]);
    import_free(serving->import);
    foundation_close(&serving->foundation);
}

/* On a terminal, a newcomer is told where to look. */
static void say_first_call(const struct settings *settings) {
    const char *colon = strrchr(settings->listen, ':');
    if (isatty(STDOUT_FILENO)) printf("\n  Plateia is ready: http://localhost%s/\n\n", colon);
    fflush(stdout);
}

static enum err_code raise_house(struct serving *serving, const struct settings *settings, struct err *err) {
    enum err_code code;
    if ((code = admin_gate_check(settings->admin_listen, settings->admin_token, err)) != ERR_OK) return code;
    if ((code = check_port(settings, err)) != ERR_OK) return code;
    if ((code = foundation_database(&serving->foundation, settings, false, interrupted, err)) != ERR_OK)
        return code;
    if ((code = web_read(&serving->foundation.assets, settings->web, WEB_PUBLIC, err)) != ERR_OK) return code;
    if ((code = web_read(&serving->page, settings->web, WEB_OPERATORS, err)) != ERR_OK) return code;
    if ((code = foundation_keys(&serving->foundation, err)) != ERR_OK) return code;
    if ((code = foundation_services(&serving->foundation, err)) != ERR_OK) return code;
    if ((code = import_new(&serving->import, serving->foundation.conninfo, err)) != ERR_OK) return code;
    serving->foundation.progress = import_progress;
    serving->foundation.progress_ctx = serving->import;
    if ((code = foundation_streams(&serving->foundation, err)) != ERR_OK) return code;
    if ((code = open_admin(serving, err)) != ERR_OK) return code;
    if ((code = raise_workers(serving, err)) != ERR_OK) return code;
    if ((code = foundation_scripts(&serving->foundation, err)) != ERR_OK) return code;
    maintain(serving);
    if ((code = seed(serving, err)) != ERR_OK) return code;
    if ((code = open_doors(serving, err)) != ERR_OK) return code;
    return reload_start(serving->foundation.reload, err);
}

int command_serve(const struct command_call *call) {
    struct err err = {0};
    sigset_t signals = block_signals();
    struct serving *serving = calloc(1, sizeof *serving);
    if (!serving) {
        err_set(&err, ERR_NO_MEMORY, "out of memory");
        return command_failed("the server could not start", &err);
    }
    serving->foundation.settings = call->settings;
    raise_file_limit();
    enum err_code code = raise_house(serving, call->settings, &err);
    if (code == ERR_OK) {
        tell_manager("READY=1");
        say_first_call(call->settings);
        wait_for_signal(serving, &signals);
        log_write(LOG_INFO, "shutting down", NULL, 0);
    }
    tell_manager("STOPPING=1");
    drain(serving);
    close_all(serving);
    free(serving);
    if (code != ERR_OK && !interrupted()) return command_failed("the server could not start", &err);
    log_write(LOG_INFO, "stopped", NULL, 0);
    return 0;
}
