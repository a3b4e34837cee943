/* worker.c -- introduces the rooms to each other: http gets script's dispatch as its handler, the pool's
 * share delivers to the scheduler, and the reactor turns for all of them. */

#include "worker.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mailbox.h"
#include "../base/reactor.h"
#include "../exchange/counts.h"
#include "../http/assets.h"
#include "../http/server.h"
#include "../http/traffic.h"
#include "../script/adopt.h"
#include "../script/asker.h"
#include "../script/bounds.h"
#include "../script/budget.h"
#include "../script/dispatch.h"
#include "../script/generation.h"
#include "../script/reload.h"
#include "../script/trial.h"
#include "../services/bus.h"
#include "../services/cache.h"
#include "../services/db/listen.h"
#include "../services/db/pool.h"
#include "../services/metrics.h"
#include "../services/token_memory.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define DRAIN_CHECK_NS (20 * CLOCK_NS_PER_MS)
#define EXPIRE_NS      CLOCK_NS_PER_S
#define DRAIN_QUIET_NS CLOCK_NS_PER_S /* for a client that has connected and asked nothing yet */

struct worker {
    const struct foundation *foundation;
    unsigned index;
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct share *share;
    struct scheduler *scheduler;
    struct token_memory *token_memory;
    struct services services;
    struct adopt adopt;
    struct dispatch dispatch;
    struct budget_seat *seat; /* while it serves */
    struct listen *listen;    /* of the worker that observes */
    struct server *server;
    struct traffic *traffic;
    struct counts *counts;
    struct reactor_hook log_hook;
    struct reactor_timer drain_timer, expire_timer;
    struct mail drain_mail;
    int64_t drain_grace_ns, drain_until_ns, quiet_until_ns;
    pthread_t thread;
    bool started;
};

static void flush_log(void *ctx) {
    (void)ctx;
    log_flush();
}

/* Where its generations come from. */
static void take_seat(struct worker *worker, const struct foundation *foundation) {
    struct stage *stage = reload_stage(foundation->reload);
    struct stage_seat seat = {
        .services = &worker->services, .mailbox = worker->mailbox, .adopt = &worker->adopt};
    struct adopt_parts parts = {.stage = stage,
                                .index = worker->index,
                                .scheduler = worker->scheduler,
                                .reactor = worker->reactor,
                                .mailbox = worker->mailbox,
                                .bus = foundation->bus,
                                .patience_ns = foundation->settings->script_drain_ms * CLOCK_NS_PER_MS,
                                .closed = reload_closed,
                                .ctx = foundation->reload};
    adopt_open(&worker->adopt, &parts);
    stage_sit(stage, &seat);
    worker->dispatch = (struct dispatch){.scheduler = worker->scheduler,
                                         .adopt = &worker->adopt,
                                         .otherwise = assets_answer,
                                         .ctx = foundation->assets};
    if (foundation->trial) foundation->trial->handler = dispatch_handler(&worker->dispatch);
}

static enum err_code build(struct worker *worker, const struct foundation *foundation, struct err *err) {
    enum err_code code;
    if ((code = reactor_new(&worker->reactor, err)) != ERR_OK) return code;
    if ((code = mailbox_new(&worker->mailbox, worker->reactor, err)) != ERR_OK) return code;
    if ((code = scheduler_new(&worker->scheduler, worker->reactor, err)) != ERR_OK) return code;
    if ((code = share_open(&worker->share, foundation->pool, worker->reactor, worker->mailbox,
                           scheduler_database, worker->scheduler, err)) != ERR_OK)
        return code;
    share_named(worker->share, asker_name);
    if ((code = token_memory_new(&worker->token_memory, err)) != ERR_OK) return code;
    if ((code = traffic_new(&worker->traffic, err)) != ERR_OK) return code;
    if (!(worker->counts = calloc(1, sizeof *worker->counts)))
        return err_set(err, ERR_NO_MEMORY, "out of memory");
    worker->services = (struct services){.db = worker->share,
                                         .cache = foundation->cache,
                                         .bus = foundation->bus,
                                         .board = foundation->board,
                                         .throttle = foundation->throttle,
                                         .hasher = foundation->hasher,
                                         .mailbox = worker->mailbox,
                                         .tasks = scheduler_tasks(worker->scheduler),
                                         .tokens = foundation->tokens,
                                         .token_memory = worker->token_memory,
                                         .settings = foundation->settings,
                                         .trial = foundation->trial,
                                         .counts = worker->counts,
                                         .metrics = foundation->metrics,
                                         .metrics_writer = metrics_writer(foundation->metrics, worker->index),
                                         .route_names = foundation->route_names,
                                         .progress = foundation->progress,
                                         .progress_ctx = foundation->progress_ctx};
    take_seat(worker, foundation);
    return ERR_OK;
}

enum err_code worker_new(struct worker **ret, const struct foundation *foundation, unsigned index,
                         struct err *err) {
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) return err_set(err, ERR_NO_MEMORY, "out of memory");
    worker->foundation = foundation;
    worker->index = index;
    enum err_code code = build(worker, foundation, err);
    if (code != ERR_OK) {
        worker_free(worker);
        return code;
    }
    *ret = worker;
    return ERR_OK;
}

static void leave(struct worker *worker);

void worker_free(struct worker *worker) {
    if (!worker) return;
    if (worker->seat) leave(worker);
    server_free(worker->server);
    scheduler_free(worker->scheduler);
    adopt_close(&worker->adopt);
    listen_close(worker->listen);
    if (worker->mailbox) cache_leave(worker->foundation->cache, worker->mailbox);
    share_close(worker->share);
    token_memory_free(worker->token_memory);
    traffic_free(worker->traffic);
    free(worker->counts);
    mailbox_free(worker->mailbox);
    reactor_free(worker->reactor);
    free(worker);
}

/* ---- a job ---- */

struct job_end {
    bool over, fine;
    struct buf *text;
};

static void job_over(void *ctx, bool fine, const char *text) {
    struct job_end *end = ctx;
    end->over = true;
    end->fine = fine;
    buf_add_str(end->text, text);
}

enum err_code worker_job(struct worker *worker, enum job job, const char *const *args, int arg_count,
                         struct buf *ret, struct err *err) {
    struct job_end end = {.text = ret};
    enum err_code code = scheduler_job(worker->scheduler, adopt_current(&worker->adopt), job, args, arg_count,
                                       job_over, &end, err);
    if (code != ERR_OK) return code;
    while (!end.over)
        reactor_turn(worker->reactor, -1);
    return end.fine ? ERR_OK : err_set(err, ERR_INVALID, "%s", ret->data ? ret->data : "the job failed");
}

enum err_code worker_bound(struct worker *worker, int64_t run_ns, int64_t total_ns, struct err *err) {
    struct bounds bounds = {.run_ns = run_ns, .job_ns = run_ns, .total_ns = total_ns};
    enum err_code code = budget_sit(&worker->seat, worker->foundation->budget, err);
    bounds.seat = worker->seat;
    if (code == ERR_OK) scheduler_bound(worker->scheduler, &bounds);
    return code;
}

void worker_settle(struct worker *worker) {
    while (!scheduler_idle(worker->scheduler))
        reactor_turn(worker->reactor, -1);
}

/* ---- a job beside serving ---- */

struct job_mail {
    struct mail mail; /* first */
    struct worker *worker;
    struct worker_task task;
};

static void start_job(struct mail *mail, bool live) {
    struct job_mail *letter = (struct job_mail *)mail;
    struct worker *worker = letter->worker;
    struct worker_task task = letter->task;
    struct err err = {0};
    free(letter);
    if (!live) {
        task.ended(task.ctx, false, "the server is shutting down");
        return;
    }
    if (scheduler_job(worker->scheduler, adopt_current(&worker->adopt), task.job, task.args, task.arg_count,
                      task.ended, task.ctx, &err) != ERR_OK)
        task.ended(task.ctx, false, err.text);
}

enum err_code worker_post(struct worker *worker, const struct worker_task *task, struct err *err) {
    struct job_mail *letter = malloc(sizeof *letter);
    if (!letter) return err_set(err, ERR_NO_MEMORY, "out of memory");
    *letter = (struct job_mail){.mail.deliver = start_job, .worker = worker, .task = *task};
    mailbox_post(worker->mailbox, &letter->mail);
    return ERR_OK;
}

/* ---- serving ---- */

/* Those who wait for a fill whose maker hangs are let go. */
static void expire_fills(void *ctx) {
    struct worker *worker = ctx;
    cache_expire(worker->foundation->cache, clock_ns());
    reactor_timer_start(worker->reactor, &worker->expire_timer, EXPIRE_NS, NULL);
}

/* Scripts hold on to so much that their state stays full: the same scripts again, in fresh states. */
static void renew(void *ctx) {
    struct worker *worker = ctx;
    reload_renew(worker->foundation->reload);
}

static void sit(struct worker *worker) {
    const struct settings *settings = worker->foundation->settings;
    struct bounds bounds = {.run_ns = settings->script_time_ms * CLOCK_NS_PER_MS,
                            .job_ns = settings->script_load_ms * CLOCK_NS_PER_MS,
                            .total_ns = settings->script_total_ms * CLOCK_NS_PER_MS,
                            .slow_ns = settings->slow_ms * CLOCK_NS_PER_MS,
                            .full = renew,
                            .ctx = worker};
    struct err err = {0};
    if (budget_sit(&worker->seat, worker->foundation->budget, &err) != ERR_OK)
        log_event(LOG_ERROR, "scripts run without a bound in time", log_text("reason", err.text));
    bounds.seat = worker->seat;
    scheduler_bound(worker->scheduler, &bounds);
}

static void leave(struct worker *worker) {
    scheduler_bound(worker->scheduler, &(struct bounds){0});
    budget_leave(worker->seat);
    worker->seat = NULL;
}

/* Woken, it does not throw off whoever runs at the moment: PostgreSQL goes on with its answers, and the
 * worker finds more of them at once. Where every core is busy a page costs a third less so; where one is idle
 * nothing is different (sched(7)). It is as well without. */
static void be_patient(void) {
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

static void *thread_main(void *arg) {
    struct worker *worker = arg;
    be_patient();
    log_hold(true);
    sit(worker);
    worker->expire_timer = (struct reactor_timer){.fn = expire_fills, .ctx = worker};
    expire_fills(worker);
    worker->log_hook = (struct reactor_hook){.fn = flush_log};
    reactor_hook_add(worker->reactor, &worker->log_hook);
    reactor_run(worker->reactor);
    reactor_hook_remove(worker->reactor, &worker->log_hook);
    leave(worker);
    log_flush();
    log_hold(false);
    return NULL;
}

/* ---- observing ---- */

#define CHANNEL "plateia" /* the query that sends names it too */

static void on_letter(void *ctx, const char *letter) {
    struct worker *worker = ctx;
    struct err err = {0};
    enum err_code code = bus_hear(worker->foundation->bus, letter, &err);
    if (code != ERR_OK && code != ERR_EXISTS)
        log_event(LOG_WARN, "a notification was left out", log_text("reason", err.text));
}

static void on_listening(void *ctx) {
    struct worker *worker = ctx;
    struct err err = {0};
    if (bus_publish(worker->foundation->bus, "listen.connected", "{}", 2, &err) != ERR_OK)
        log_event(LOG_ERROR, "listening was not told", log_text("reason", err.text));
}

enum err_code worker_observe(struct worker *worker, struct err *err) {
    struct listen_options options = {.share = worker->share,
                                     .channel = CHANNEL,
                                     .heard = on_letter,
                                     .connected = on_listening,
                                     .ctx = worker};
    adopt_observe(&worker->adopt);
    return listen_open(&worker->listen, &options, err);
}

/* ---- the doors ---- */

static struct server_options server_options_of(const struct worker *worker, int listen_fd) {
    const struct foundation *foundation = worker->foundation;
    const struct settings *settings = foundation->settings;
    return (struct server_options){
        .listen_fd = listen_fd,
        .edges = foundation->edges,
        .streams = foundation->streams,
        .traffic = worker->traffic,
        .connections = (unsigned)((settings->connections + settings->workers - 1) / settings->workers),
        .body_limit = (size_t)settings->body_limit,
        .head_ns = settings->head_timeout_ms * CLOCK_NS_PER_MS,
        .body_ns = settings->body_timeout_ms * CLOCK_NS_PER_MS,
        .idle_ns = settings->idle_timeout_ms * CLOCK_NS_PER_MS,
        .access_log = settings->access_log,
        .server_timing = settings->server_timing};
}

enum err_code worker_serve(struct worker *worker, int listen_fd, struct err *err) {
    struct server_options options = server_options_of(worker, listen_fd);
    enum err_code code =
        server_new(&worker->server, worker->reactor, &options, dispatch_handler(&worker->dispatch), err);
    if (code != ERR_OK) return code;
    if (pthread_create(&worker->thread, NULL, thread_main, worker) != 0)
        return err_system(err, "a worker's thread");
    worker->started = true;
    return ERR_OK;
}

/* ---- what it counts ---- */

const struct traffic *worker_traffic(const struct worker *worker) {
    return worker->traffic;
}

const struct counts *worker_counts(const struct worker *worker) {
    return worker->counts;
}

const struct share *worker_share(const struct worker *worker) {
    return worker->share;
}

/* ---- the end ---- */

static void check_drained(void *ctx) {
    struct worker *worker = ctx;
    int64_t now_ns = clock_ns();
    bool idle = server_pending(worker->server) == 0 && scheduler_idle(worker->scheduler) &&
                (server_connections(worker->server) == 0 || now_ns >= worker->quiet_until_ns);
    if (idle || now_ns >= worker->drain_until_ns)
        reactor_stop(worker->reactor);
    else
        reactor_timer_start(worker->reactor, &worker->drain_timer, DRAIN_CHECK_NS, NULL);
}

static void drain(struct mail *mail, bool live) {
    struct worker *worker = (struct worker *)((char *)mail - offsetof(struct worker, drain_mail));
    if (!live) return;
    server_drain(worker->server);
    adopt_stop(&worker->adopt);
    worker->quiet_until_ns = clock_ns() + DRAIN_QUIET_NS;
    worker->drain_until_ns = clock_ns() + worker->drain_grace_ns;
    worker->drain_timer = (struct reactor_timer){.fn = check_drained, .ctx = worker};
    check_drained(worker);
}

void worker_drain(struct worker *worker, int64_t grace_ms) {
    worker->drain_grace_ns = grace_ms * CLOCK_NS_PER_MS;
    worker->drain_mail.deliver = drain;
    mailbox_post(worker->mailbox, &worker->drain_mail);
}

void worker_join(struct worker *worker) {
    if (worker->started) pthread_join(worker->thread, NULL);
    worker->started = false;
}
