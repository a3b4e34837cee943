/* reload.c -- one thread, one attempt at a time.
 *
 * All that several threads read (what is served, what was served, what failed) is behind one lock, which is
 * never held while something is built or closed. An attempt ends when every worker has said that it serves
 * the new edition, so at most one edition is under way, and whoever asked for it may believe the answer. */

#include "reload.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/meter.h"
#include "../services/db/prepare.h"
#include "../services/metrics.h"
#include "../services/watch.h"
#include "budget.h"
#include "generation.h"
#include "reload_report.h"
#include "sources.h"
#include "stage.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAIT_MS  60000
#define RETRY_MS 2000 /* while the database cannot be asked about new queries */

static const char renewing[] = "memory"; /* who asks for what is served already */

struct reload {
    struct reload_options options;
    struct stage stage;
    unsigned numbers;     /* the latest that was given to an edition that was served */
    struct sources *seen; /* what the folders held when they were last tried; NULL: what could not be read */
    bool retry;
    struct watch *watch;
    int wake_fd;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* for all that follows */
    pthread_cond_t changed;
    struct reload_report report;
    struct generation *finished; /* to be closed */
    const char *woken_by;
    struct attempt *order; /* from reload_run */
    bool busy, stopping;

    /* written by the one thread that attempts */
    struct meter served_count, refused_count, busy_count;
    struct meter success_ms;
    struct meter_spread durations;
};

/* One try, whoever asked for it. */
struct attempt {
    struct reload_order order;
    bool forced; /* also where nothing has changed */
    bool again;  /* as the database could not be asked */
    struct buf *ret;
    struct err *err;
    enum err_code code;
    bool done;
};

static void ring(struct reload *reload) {
    uint64_t one = 1;
    while (write(reload->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* ---- building ---- */

static void see(struct reload *reload, struct sources *sources) {
    sources_drop(reload->seen);
    reload->seen = sources ? sources_hold(sources) : NULL;
}

static enum err_code build(struct reload *reload, struct sources *sources, const struct reload_order *order,
                           struct edition **ret, struct err *err) {
    const struct stage *stage = &reload->stage;
    const struct services *services[STAGE_SEATS];
    for (size_t i = 0; i < stage->count; i++)
        services[i] = stage->seats[i].services;
    struct edition_parts parts = {.sources = sources,
                                  .number = reload->numbers + 1,
                                  .by = order->by,
                                  .services = services,
                                  .count = order->dry_run ? 1 : stage->count,
                                  .memory_limit = reload->options.memory_limit,
                                  .load_ns = reload->options.load_ns,
                                  .rest_ns = reload->options.rest_ns,
                                  .pause_ns = reload->options.pause_ns};
    enum err_code code = budget_sit(&parts.seat, reload->options.budget, err);
    if (code == ERR_OK) code = edition_new(ret, &parts, err);
    budget_leave(parts.seat);
    return code;
}

/* What the served edition's queries are known to be needs no second look. ERR_BUSY: nobody knows now. */
static enum err_code check_queries(struct reload *reload, const struct sources *sources, struct err *err) {
    const struct edition *served = atomic_load(&reload->stage.edition);
    enum err_code code = queries_prepare(reload->options.conninfo, sources->queries,
                                         served ? served->sources->queries : NULL, err);
    if (code != ERR_OK && code != ERR_INVALID) err->code = code = ERR_BUSY;
    return code;
}

static enum err_code find_sources(struct reload *reload, const struct reload_order *order,
                                  struct sources **ret, struct err *err) {
    enum err_code code;
    if (!order->roll_back) {
        const struct edition *served = atomic_load(&reload->stage.edition);
        code = sources_read(ret, reload->options.scripts, reload->options.queries,
                            served ? served->sources : NULL, err);
        if (code == ERR_NOT_FOUND) err->code = code = ERR_INVALID; /* a folder, not an edition */
        return code;
    }
    pthread_mutex_lock(&reload->lock);
    *ret = report_find(&reload->report, order->rollback_to);
    pthread_mutex_unlock(&reload->lock);
    if (*ret) return ERR_OK;
    return err_set(err, ERR_NOT_FOUND, "that generation is not kept; plateia scripts lists those that are");
}

static void publish(struct reload *reload, struct edition *edition) {
    reload->numbers = edition->number;
    pthread_mutex_lock(&reload->lock);
    report_served(&reload->report, edition);
    pthread_mutex_unlock(&reload->lock);
    log_generation_default(edition->number);
    stage_publish(&reload->stage, edition);
}

static enum err_code serve(struct reload *reload, struct sources *sources, const struct reload_order *order,
                           struct err *err) {
    struct edition *edition = NULL;
    enum err_code code = check_queries(reload, sources, err);
    if (code == ERR_OK) code = build(reload, sources, order, &edition, err);
    if (code == ERR_OK && !order->dry_run) {
        publish(reload, edition);
        return ERR_OK;
    }
    edition_free(edition);
    metrics_take_back(reload->stage.seats[0].services->metrics, reload->numbers + 1);
    return code;
}

/* ---- an attempt ---- */

/* What was only checked is no reload. */
static void count(struct reload *reload, enum err_code code, int64_t ns) {
    meter_observe(&reload->durations, &meter_durations, (uint64_t)ns);
    if (code == ERR_OK)
        meter_add(&reload->served_count, 1), meter_set(&reload->success_ms, (uint64_t)clock_wall_ms());
    else if (code == ERR_BUSY)
        meter_add(&reload->busy_count, 1);
    else
        meter_add(&reload->refused_count, 1);
}

static void conclude(struct reload *reload, struct attempt *attempt, int64_t began_ns) {
    struct reload_outcome outcome = {.code = attempt->code,
                                     .order = &attempt->order,
                                     .generation = reload->numbers,
                                     .ns = clock_ns() - began_ns,
                                     .reason = attempt->err->text};
    bool refused = attempt->code != ERR_OK && attempt->code != ERR_NOT_FOUND;
    bool failed = refused && !attempt->order.dry_run, told = false;
    if (!attempt->order.dry_run) count(reload, attempt->code, outcome.ns);
    pthread_mutex_lock(&reload->lock);
    if (failed) told = report_failed(&reload->report, &outcome) && attempt->again;
    pthread_mutex_unlock(&reload->lock);
    if (!told) report_log(&outcome);
    if (attempt->ret) report_outcome(&outcome, attempt->ret);
}

/* Where the watcher alone asks, only what the folders did not hold before is worth a word. */
static void try(struct reload *reload, struct attempt *attempt) {
    struct sources *sources = NULL;
    int64_t began_ns = clock_ns();
    attempt->code = find_sources(reload, &attempt->order, &sources, attempt->err);
    bool of_disk = !attempt->order.roll_back && !attempt->order.dry_run, news = true;
    if (sources) news = attempt->forced || !reload->seen || !sources_same(reload->seen, sources);
    if (of_disk) see(reload, sources);
    if (!news) {
        sources_drop(sources);
        return;
    }
    if (sources) attempt->code = serve(reload, sources, &attempt->order, attempt->err);
    if (of_disk) reload->retry = attempt->code == ERR_BUSY;
    sources_drop(sources);
    conclude(reload, attempt, began_ns);
}

enum err_code reload_first(struct reload *reload, struct err *err) {
    struct sources *sources = NULL;
    struct reload_order order = {.by = "start"};
    const char *const folders[] = {reload->options.scripts, reload->options.queries};
    struct edition *edition = NULL;
    enum err_code code = watch_open(&reload->watch, folders, reload->options.watch ? 2 : 0, err);
    if (code == ERR_OK) code = find_sources(reload, &order, &sources, err);
    if (!sources) return code;
    code = check_queries(reload, sources, err);
    if (code == ERR_OK) code = build(reload, sources, &order, &edition, err);
    if (code == ERR_OK) {
        see(reload, sources);
        reload->numbers = edition->number;
        report_served(&reload->report, edition);
        log_generation_default(edition->number);
        meter_set(&reload->success_ms, (uint64_t)edition->at_ms);
        stage_open(&reload->stage, edition);
    }
    sources_drop(sources);
    return code;
}

/* ---- closing ---- */

void reload_closed(void *ctx, struct generation *generation) {
    struct reload *reload = ctx;
    pthread_mutex_lock(&reload->lock);
    generation->next = reload->finished;
    reload->finished = generation;
    pthread_mutex_unlock(&reload->lock);
    ring(reload);
}

static void close_finished(struct reload *reload) {
    pthread_mutex_lock(&reload->lock);
    struct generation *generation = reload->finished;
    reload->finished = NULL;
    for (struct generation *each = generation; each; each = each->next)
        report_closed(&reload->report, each);
    struct edition *over = report_take_over(&reload->report, atomic_load(&reload->stage.edition));
    pthread_mutex_unlock(&reload->lock);
    while (generation) {
        struct generation *next = generation->next;
        edition_close(generation);
        generation = next;
    }
    while (over) {
        struct edition *next = over->next;
        edition_free(over);
        over = next;
    }
}

/* ---- the thread ---- */

/* What is to be done now: an order, a wish, or NULL. */
static struct attempt *next_attempt(struct reload *reload, bool changed, struct attempt *own) {
    pthread_mutex_lock(&reload->lock);
    struct attempt *order = reload->order;
    const char *by = reload->woken_by;
    reload->order = NULL;
    if (!order) reload->woken_by = NULL;
    pthread_mutex_unlock(&reload->lock);
    if (order) return order;
    if (!by && !changed && !reload->retry) return NULL;
    *own = (struct attempt){.order.by = by ? by : "watch",
                            .forced = by || reload->retry,
                            .again = !by && reload->retry,
                            .err = own->err};
    if (by == renewing) own->order.roll_back = true, own->order.rollback_to = reload->numbers;
    *own->err = (struct err){0};
    return own;
}

static void finish(struct reload *reload, struct attempt *attempt) {
    pthread_mutex_lock(&reload->lock);
    attempt->done = true;
    pthread_cond_broadcast(&reload->changed);
    pthread_mutex_unlock(&reload->lock);
}

static bool should_stop(struct reload *reload) {
    pthread_mutex_lock(&reload->lock);
    bool stop = reload->stopping;
    pthread_mutex_unlock(&reload->lock);
    return stop;
}

static void *thread_main(void *arg) {
    struct reload *reload = arg;
    struct err err;
    struct attempt own = {.err = &err}, *attempt;
    bool changed = false;
    uint64_t rung;
    while (!should_stop(reload)) {
        close_finished(reload);
        while ((attempt = next_attempt(reload, changed, &own))) {
            changed = false;
            try(reload, attempt);
            bool again = reload->retry && attempt == &own;
            finish(reload, attempt);
            if (again) break;
        }
        changed = watch_wait(reload->watch, reload->wake_fd, reload->retry ? RETRY_MS : WAIT_MS);
        (void)!read(reload->wake_fd, &rung, sizeof rung);
    }
    return NULL;
}

enum err_code reload_start(struct reload *reload, struct err *err) {
    if (pthread_create(&reload->thread, NULL, thread_main, reload) != 0)
        return err_system(err, "the thread that reloads");
    reload->started = true;
    return ERR_OK;
}

void reload_stop(struct reload *reload) {
    if (!reload) return;
    pthread_mutex_lock(&reload->lock);
    reload->stopping = true;
    pthread_cond_broadcast(&reload->changed);
    pthread_mutex_unlock(&reload->lock);
    ring(reload);
    if (reload->started) pthread_join(reload->thread, NULL);
    reload->started = false;
    pthread_mutex_lock(&reload->lock);
    if (reload->order) {
        reload->order->code = err_set(reload->order->err, ERR_TIMEOUT, "the server is shutting down");
        reload->order->done = true;
        reload->order = NULL;
    }
    pthread_cond_broadcast(&reload->changed);
    pthread_mutex_unlock(&reload->lock);
}

/* ---- asking ---- */

enum err_code reload_run(struct reload *reload, const struct reload_order *order, struct buf *ret,
                         struct err *err) {
    struct attempt attempt = {.order = *order, .forced = true, .ret = ret, .err = err};
    pthread_mutex_lock(&reload->lock);
    while (reload->busy && !reload->stopping)
        pthread_cond_wait(&reload->changed, &reload->lock);
    if (reload->stopping) {
        pthread_mutex_unlock(&reload->lock);
        return err_set(err, ERR_TIMEOUT, "the server is shutting down");
    }
    reload->busy = true;
    reload->order = &attempt;
    ring(reload);
    while (!attempt.done)
        pthread_cond_wait(&reload->changed, &reload->lock);
    reload->busy = false;
    pthread_cond_broadcast(&reload->changed);
    pthread_mutex_unlock(&reload->lock);
    return attempt.code;
}

void reload_wake(struct reload *reload, const char *by) {
    pthread_mutex_lock(&reload->lock);
    reload->woken_by = by;
    pthread_mutex_unlock(&reload->lock);
    ring(reload);
}

void reload_renew(struct reload *reload) {
    reload_wake(reload, renewing);
}

void reload_state(struct reload *reload, struct buf *ret) {
    pthread_mutex_lock(&reload->lock);
    report_state(&reload->report, atomic_load(&reload->stage.edition), ret);
    pthread_mutex_unlock(&reload->lock);
}

/* Whoever closes an edition has taken it out of the report first, under the lock. */
void reload_read(struct reload *reload, struct reload_numbers *ret) {
    *ret = (struct reload_numbers){.served = meter_read(&reload->served_count),
                                   .refused = meter_read(&reload->refused_count),
                                   .busy = meter_read(&reload->busy_count),
                                   .success_ms = (int64_t)meter_read(&reload->success_ms)};
    meter_sum(&ret->durations, &reload->durations);
    pthread_mutex_lock(&reload->lock);
    report_count(&reload->report, atomic_load(&reload->stage.edition), ret);
    pthread_mutex_unlock(&reload->lock);
}

const char *reload_lua(void) {
    return LUA_RELEASE + sizeof "Lua " - 1;
}

/* Under the lock, so that the edition cannot go meanwhile. */
struct sources *reload_sources(struct reload *reload) {
    pthread_mutex_lock(&reload->lock);
    struct edition *served = atomic_load(&reload->stage.edition);
    struct sources *sources = served ? sources_hold(served->sources) : NULL;
    pthread_mutex_unlock(&reload->lock);
    return sources;
}

/* ---- life ---- */

struct stage *reload_stage(struct reload *reload) {
    return &reload->stage;
}

enum err_code reload_new(struct reload **ret, const struct reload_options *options, struct err *err) {
    struct reload *reload = calloc(1, sizeof *reload);
    if (!reload) return err_set(err, ERR_NO_MEMORY, "out of memory");
    reload->options = *options;
    stage_init(&reload->stage);
    pthread_mutex_init(&reload->lock, NULL);
    pthread_cond_init(&reload->changed, NULL);
    reload->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (reload->wake_fd < 0) {
        enum err_code code = err_system(err, "eventfd");
        reload_free(reload);
        return code;
    }
    *ret = reload;
    return ERR_OK;
}

void reload_free(struct reload *reload) {
    if (!reload) return;
    reload_stop(reload);
    report_done(&reload->report);
    sources_drop(reload->seen);
    watch_close(reload->watch);
    if (reload->wake_fd >= 0) close(reload->wake_fd);
    stage_done(&reload->stage);
    pthread_cond_destroy(&reload->changed);
    pthread_mutex_destroy(&reload->lock);
    free(reload);
}
