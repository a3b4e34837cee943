#ifndef PLATEIA_ASSEMBLY_WORKER_H
#define PLATEIA_ASSEMBLY_WORKER_H

/* worker.h -- one thread = one reactor: its HTTP server, its Lua state, its share of the pool. Where main
 * introduces them.
 *
 * Built and freed by the main thread; between worker_serve and worker_join everything in it belongs to its
 * own thread. */

#include "../base/err.h"
#include "../script/scheduler.h"
#include "foundation.h"
#include <stdbool.h>
#include <stdint.h>

struct counts;
struct share;
struct traffic;
struct worker;

/* `index` counts the workers of a process from 0. It has no scripts before foundation_scripts. */
enum err_code worker_new(struct worker **ret, const struct foundation *foundation, unsigned index,
                         struct err *err);

/* Runs a job in the calling thread, before worker_serve; its text (or why it failed) is appended to *ret. */
enum err_code worker_job(struct worker *worker, enum job job, const char *const *args, int arg_count,
                         struct buf *ret, struct err *err);

/* How long a job may run at a time, and take in all; 0: as long as it likes. In the calling thread, where the
 * jobs are run, and whose seat it takes until worker_free. */
enum err_code worker_bound(struct worker *worker, int64_t run_ns, int64_t total_ns, struct err *err);
/* Turns until nothing runs or waits any more. */
void worker_settle(struct worker *worker);

/* This worker is the one that observes: before its worker_serve. */
enum err_code worker_observe(struct worker *worker, struct err *err);

/* A job to run while the worker serves. */
struct worker_task {
    enum job job;
    const char *const *args; /* valid until `ended` */
    int arg_count;
    /* In the worker's thread; at its end perhaps never, as what still waits then is dropped. */
    void (*ended)(void *ctx, bool fine, const char *text);
    void *ctx;
};
/* Any thread, until the worker is freed. */
enum err_code worker_post(struct worker *worker, const struct worker_task *task, struct err *err);

/* Takes listen_fd, starts the thread. */
enum err_code worker_serve(struct worker *worker, int listen_fd, struct err *err);

/* What it counts (base/meter.h): any thread, from worker_new to worker_free. */
const struct traffic *worker_traffic(const struct worker *worker);
const struct counts *worker_counts(const struct worker *worker);
const struct share *worker_share(const struct worker *worker);

/* Any thread: stop accepting, answer what is under way, then end; connections still open after grace_ms are
 * cut. */
void worker_drain(struct worker *worker, int64_t grace_ms);
void worker_join(struct worker *worker);
void worker_free(struct worker *worker); /* NULL is fine; joined or never started, and reload_stop before */

#endif
