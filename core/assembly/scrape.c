/* scrape.c -- one function for what each room counts. */

#include "scrape.h"
#include "../base/clock.h"
#include "../base/exposition.h"
#include "../exchange/counts.h"
#include "../exchange/route_names.h"
#include "../http/streams.h"
#include "../http/traffic.h"
#include "../script/reload.h"
#include "../services/bus.h"
#include "../services/cache.h"
#include "../services/db/pool.h"
#include "../services/metrics.h"
#include "worker.h"
#include <stdio.h>
#include <stdlib.h>

#define SECONDS ((double)CLOCK_NS_PER_S)

/* ---- one line ---- */

static void add_family(struct buf *ret, const char *name, enum exposition_kind kind, const char *help) {
    exposition_family(ret, name, kind, help);
}

/* A sample with one label; none where its name is NULL. */
static void add(struct buf *ret, const char *name, const char *label, const char *value, uint64_t number) {
    const struct exposition_label list[] = {{label, value}};
    exposition_integer(ret, name, (struct exposition_labels){list, label ? 1 : 0}, number);
}

static void add_alone(struct buf *ret, const char *name, enum exposition_kind kind, uint64_t number,
                      const char *help) {
    add_family(ret, name, kind, help);
    add(ret, name, NULL, NULL, number);
}

static void add_words(struct buf *ret, const char *name, const char *label, const char *const *words,
                      const uint64_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++)
        add(ret, name, label, words[i], numbers[i]);
}

/* ---- http ---- */

static void write_durations(const struct scrape *scrape, struct buf *ret) {
    static const char name[] = "http_server_request_duration_seconds";
    const struct traffic *all[RELOAD_WORKERS];
    struct traffic_kind *kinds = NULL;
    size_t count = 0;
    for (size_t i = 0; i < scrape->worker_count; i++)
        all[i] = worker_traffic(scrape->workers[i]);
    if (traffic_sum(all, scrape->worker_count, &kinds, &count, NULL) != ERR_OK) return;
    add_family(ret, name, EXPOSITION_HISTOGRAM,
               "Requests by method, route and status, and how long they took.");
    for (size_t i = 0; i < count; i++) {
        const char *method = method_name(kinds[i].method);
        char status[12];
        snprintf(status, sizeof status, "%d", kinds[i].status);
        const struct exposition_label labels[] = {
            {"method", method ? method : "_OTHER"},
            {"route", route_names_text(scrape->foundation->route_names, kinds[i].route)},
            {"status", status}};
        exposition_spread(ret, name, (struct exposition_labels){labels, 3}, &meter_durations,
                          &kinds[i].durations, SECONDS);
    }
    free(kinds);
}

static void write_http(const struct scrape *scrape, struct buf *ret) {
    uint64_t active = 0, connections = 0;
    for (size_t i = 0; i < scrape->worker_count; i++) {
        const struct traffic *traffic = worker_traffic(scrape->workers[i]);
        active += meter_read(&traffic->active);
        connections += meter_read(&traffic->connections);
    }
    write_durations(scrape, ret);
    add_alone(ret, "http_server_active_requests", EXPOSITION_GAUGE, active,
              "Requests whose answer has not left yet.");
    add_alone(ret, "http_server_connections", EXPOSITION_GAUGE, connections,
              "Connections that are open, streams left out.");
}

/* ---- the database ---- */

static void write_db(const struct scrape *scrape, struct buf *ret) {
    static const char *const classes[] = {
        [QUERY_READ] = "read", [QUERY_LEASE] = "lease", [QUERY_BATCH] = "batch"};
    struct share_numbers sums = {0};
    for (size_t i = 0; i < scrape->worker_count; i++)
        share_read(worker_share(scrape->workers[i]), &sums);
    const struct {
        const char *name;
        enum exposition_kind kind;
        const uint64_t *numbers;
        const char *help;
    } by_class[] = {
        {"db_pool_max", EXPOSITION_GAUGE, sums.max, "Connections that the pool keeps."},
        {"db_pool_available", EXPOSITION_GAUGE, sums.available,
         "Connections that are there, those that are leased left out."},
        {"db_pool_waiting", EXPOSITION_GAUGE, sums.waiting, "Calls that wait for a connection."},
        {"db_pool_timeouts_total", EXPOSITION_COUNTER, sums.timeouts, "Calls that waited in vain."},
        {"db_statements_total", EXPOSITION_COUNTER, sums.statements,
         "Statements that were sent; a batch is one."}};
    for (size_t i = 0; i < sizeof by_class / sizeof *by_class; i++) {
        add_family(ret, by_class[i].name, by_class[i].kind, by_class[i].help);
        add_words(ret, by_class[i].name, "class", classes, by_class[i].numbers, SHARE_CLASSES);
    }
    add_family(ret, "db_pool_acquire_seconds", EXPOSITION_HISTOGRAM, "How long calls waited for a lease.");
    exposition_spread(ret, "db_pool_acquire_seconds", EXPOSITION_NO_LABELS, &meter_durations, &sums.acquire,
                      SECONDS);
    add_alone(ret, "db_reconnects_total", EXPOSITION_COUNTER, sums.reconnects,
              "Connections that were made in place of lost ones.");
    add_family(ret, "db_batch_rows", EXPOSITION_HISTOGRAM, "Calls that left together as one statement.");
    exposition_spread(ret, "db_batch_rows", EXPOSITION_NO_LABELS, &meter_batches, &sums.rows, 1);
    add_alone(ret, "db_batch_splits_total", EXPOSITION_COUNTER, sums.splits,
              "Batches that were halved, as one of their rows was refused.");
}

/* ---- cache, bus, streams ---- */

/* Answers that stood and were given again (http/ready.h) came out of the cache once, and count as hits. */
static void write_cache(const struct scrape *scrape, struct buf *ret) {
    static const char *const results[] = {[COUNTS_HIT] = "hit",
                                          [COUNTS_MISS] = "miss",
                                          [COUNTS_STALE] = "stale",
                                          [COUNTS_COALESCED] = "coalesced"};
    uint64_t sums[COUNTS_CACHE] = {0}, entries = 0, bytes = 0;
    for (size_t i = 0; i < scrape->worker_count; i++) {
        const struct counts *counts = worker_counts(scrape->workers[i]);
        sums[COUNTS_HIT] += meter_read(&worker_traffic(scrape->workers[i])->kept);
        for (size_t j = 0; j < COUNTS_CACHE; j++)
            sums[j] += meter_read(&counts->cache[j]);
    }
    cache_size(scrape->foundation->cache, &entries, &bytes);
    add_family(ret, "cache_requests_total", EXPOSITION_COUNTER,
               "Requests of the cache, by what they found; coalesced: waited for another's answer.");
    add_words(ret, "cache_requests_total", "result", results, sums, COUNTS_CACHE);
    add_alone(ret, "cache_entries", EXPOSITION_GAUGE, entries, "Answers that the cache holds.");
    add_alone(ret, "cache_bytes", EXPOSITION_GAUGE, bytes, "Bytes that they take.");
}

static void write_bus(const struct scrape *scrape, struct buf *ret) {
    struct bus_number numbers[BUS_NAMES];
    size_t count = bus_read_numbers(scrape->foundation->bus, numbers);
    add_family(ret, "bus_events_total", EXPOSITION_COUNTER, "Events that were published or heard.");
    for (size_t i = 0; i < count; i++)
        add(ret, "bus_events_total", "event", numbers[i].name, numbers[i].published);
    add_family(ret, "bus_dropped_total", EXPOSITION_COUNTER, "Events that observers were too slow for.");
    for (size_t i = 0; i < count; i++)
        add(ret, "bus_dropped_total", "event", numbers[i].name, numbers[i].dropped);
}

static void write_streams(const struct scrape *scrape, struct buf *ret) {
    const struct streams *streams = scrape->foundation->streams;
    struct streams_numbers numbers;
    streams_read(streams, &numbers);
    add_alone(ret, "sse_clients", EXPOSITION_GAUGE, streams ? streams_count(streams) : 0,
              "Clients that watch a stream.");
    add_alone(ret, "sse_frames_total", EXPOSITION_COUNTER, numbers.frames,
              "Frames that were sent whole to one of them: first words, events and pings.");
    add_family(ret, "sse_evicted_total", EXPOSITION_COUNTER, "Clients of streams that were put out.");
    add(ret, "sse_evicted_total", "reason", "stuck", numbers.stuck);
    add(ret, "sse_evicted_total", "reason", "talkative", numbers.talkative);
}

/* ---- scripts ---- */

static void write_reloads(const struct reload_numbers *numbers, struct buf *ret) {
    add_alone(ret, "script_generation", EXPOSITION_GAUGE, numbers->generation,
              "The number of the scripts that are served.");
    add_alone(ret, "script_generations_live", EXPOSITION_GAUGE, numbers->live,
              "Generations of scripts of which something still runs.");
    add_family(ret, "script_reload_total", EXPOSITION_COUNTER,
               "Attempts to serve other scripts, by how they ended; busy: the database could not be asked.");
    add(ret, "script_reload_total", "result", "served", numbers->served);
    add(ret, "script_reload_total", "result", "refused", numbers->refused);
    add(ret, "script_reload_total", "result", "busy", numbers->busy);
    add_family(ret, "script_reload_duration_seconds", EXPOSITION_HISTOGRAM, "How long these attempts took.");
    exposition_spread(ret, "script_reload_duration_seconds", EXPOSITION_NO_LABELS, &meter_durations,
                      &numbers->durations, SECONDS);
    add_family(ret, "script_last_reload_success_timestamp_seconds", EXPOSITION_GAUGE,
               "When the scripts that are served began to be, in seconds since 1970.");
    exposition_real(ret, "script_last_reload_success_timestamp_seconds", EXPOSITION_NO_LABELS,
                    (double)numbers->success_ms / 1000);
}

static void write_memory(const struct reload_numbers *numbers, struct buf *ret) {
    add_family(ret, "script_memory_bytes", EXPOSITION_GAUGE, "Bytes that the Lua states of a worker hold.");
    for (size_t i = 0; i < numbers->workers; i++) {
        char worker[24];
        snprintf(worker, sizeof worker, "%zu", i);
        add(ret, "script_memory_bytes", "worker", worker, numbers->memory[i]);
    }
}

/* A route that has not failed is not there. */
static void write_errors(const struct scrape *scrape, struct buf *ret) {
    add_family(ret, "script_errors_total", EXPOSITION_COUNTER,
               "Answers 500 of scripts, by route; and failures of observers.");
    for (unsigned route = 0; route < ROUTE_NAMES; route++) {
        uint64_t errors = 0;
        for (size_t i = 0; i < scrape->worker_count; i++)
            errors += meter_read(&worker_counts(scrape->workers[i])->errors[route]);
        if (errors)
            add(ret, "script_errors_total", "route", route_names_text(scrape->foundation->route_names, route),
                errors);
    }
}

static void write_counts(const struct scrape *scrape, struct buf *ret) {
    static const char *const reasons[] = {[COUNTS_TIME] = "time",
                                          [COUNTS_MEMORY] = "memory",
                                          [COUNTS_STACK] = "stack",
                                          [COUNTS_TOTAL_TIME] = "total_time"};
    static const char *const results[] = {[COUNTS_GOOD] = "good",
                                          [COUNTS_EXPIRED] = "expired",
                                          [COUNTS_FOREIGN] = "foreign",
                                          [COUNTS_FAILED] = "failed"};
    uint64_t killed[COUNTS_KILLED] = {0}, tokens[COUNTS_TOKEN] = {0};
    for (size_t i = 0; i < scrape->worker_count; i++) {
        const struct counts *counts = worker_counts(scrape->workers[i]);
        for (size_t j = 0; j < COUNTS_KILLED; j++)
            killed[j] += meter_read(&counts->killed[j]);
        for (size_t j = 0; j < COUNTS_TOKEN; j++)
            tokens[j] += meter_read(&counts->tokens[j]);
    }
    add_family(ret, "script_killed_total", EXPOSITION_COUNTER,
               "Scripts that were stopped, by what they used too much of.");
    add_words(ret, "script_killed_total", "reason", reasons, killed, COUNTS_KILLED);
    add_family(ret, "jwt_verify_total", EXPOSITION_COUNTER,
               "Tokens that were looked at; expired: ours, but not of this time.");
    add_words(ret, "jwt_verify_total", "result", results, tokens, COUNTS_TOKEN);
}

static void write_scripts(const struct scrape *scrape, const struct reload_numbers *numbers,
                          struct buf *ret) {
    write_reloads(numbers, ret);
    write_counts(scrape, ret);
    write_errors(scrape, ret);
    add_alone(ret, "script_quarantined", EXPOSITION_GAUGE, numbers->resting,
              "Handlers that rest, as they were stopped too often.");
    write_memory(numbers, ret);
}

/* ---- all of it ---- */

static void write_build(struct buf *ret) {
    static const char name[] = "plateia_build_info";
    const struct exposition_label labels[] = {{"version", PLATEIA_VERSION}, {"lua", reload_lua()}};
    add_family(ret, name, EXPOSITION_GAUGE, "Which build this is; always 1.");
    exposition_integer(ret, name, (struct exposition_labels){labels, 2}, 1);
}

void scrape_write(const struct scrape *scrape, struct buf *ret) {
    struct reload_numbers numbers;
    write_build(ret);
    add_alone(ret, "plateia_ready", EXPOSITION_GAUGE, scrape->ready, "Whether GET /ready answers 200.");
    scrape_process(ret);
    if (scrape->worker_count == 0) return;
    reload_read(scrape->foundation->reload, &numbers);
    write_http(scrape, ret);
    write_db(scrape, ret);
    write_cache(scrape, ret);
    write_bus(scrape, ret);
    write_streams(scrape, ret);
    write_scripts(scrape, &numbers, ret);
    metrics_write(scrape->foundation->metrics, numbers.generation, ret);
}
