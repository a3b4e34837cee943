/* reload_report.c -- lists and their words. */

#include "reload_report.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../services/db/query.h"
#include "../services/snapshot.h"
#include "generation.h"
#include "sources.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

/* The same texts once more stand in place of what they follow, so that what is kept differs. */
static void keep(struct reload_report *report, struct edition *edition) {
    bool same = report->kept_count && sources_same(report->kept[0].sources, edition->sources);
    if (same) {
        sources_drop(report->kept[0].sources);
        memmove(report->kept, report->kept + 1, --report->kept_count * sizeof *report->kept);
    }
    if (report->kept_count == RELOAD_KEPT) sources_drop(report->kept[--report->kept_count].sources);
    memmove(report->kept + 1, report->kept, report->kept_count * sizeof *report->kept);
    report->kept[0] = (struct kept){.number = edition->number,
                                    .by = edition->by,
                                    .at_ms = edition->at_ms,
                                    .sources = sources_hold(edition->sources)};
    report->kept_count++;
}

void report_served(struct reload_report *report, struct edition *edition) {
    edition->next = report->editions;
    report->editions = edition;
    keep(report, edition);
}

bool report_failed(struct reload_report *report, const struct reload_outcome *outcome) {
    bool same = report->failure_ms && strcmp(report->failure.text, outcome->reason) == 0;
    err_set(&report->failure, outcome->code, "%s", outcome->reason);
    report->failure_by = outcome->order->by;
    report->failure_ms = clock_wall_ms();
    return same;
}

struct sources *report_find(const struct reload_report *report, unsigned number) {
    for (size_t i = 0; i < report->kept_count; i++)
        if (number ? report->kept[i].number == number : i == 1) return sources_hold(report->kept[i].sources);
    return NULL;
}

void report_closed(struct reload_report *report, const struct generation *generation) {
    for (struct edition *edition = report->editions; edition; edition = edition->next)
        for (size_t i = 0; i < edition->count; i++)
            if (edition->generations[i] == generation) edition->generations[i] = NULL;
}

static bool is_over(const struct edition *edition) {
    for (size_t i = 0; i < edition->count; i++)
        if (edition->generations[i]) return false;
    return true;
}

struct edition *report_take_over(struct reload_report *report, const struct edition *served) {
    struct edition *over = NULL, **at = &report->editions;
    while (*at) {
        struct edition *edition = *at;
        if (edition == served || !is_over(edition)) {
            at = &edition->next;
            continue;
        }
        *at = edition->next;
        edition->next = over;
        over = edition;
    }
    return over;
}

void report_done(struct reload_report *report) {
    while (report->editions) {
        struct edition *next = report->editions->next;
        edition_free(report->editions);
        report->editions = next;
    }
    while (report->kept_count > 0)
        sources_drop(report->kept[--report->kept_count].sources);
}

/* ---- words ---- */

static void add_text(struct buf *ret, const char *name, const char *text) {
    buf_addf(ret, "\"%s\":", name);
    buf_add_json(ret, text, strlen(text));
}

static void add_time(struct buf *ret, const char *name, int64_t at_ms) {
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(time, at_ms);
    buf_addf(ret, "\"%s\":\"%s\"", name, time);
}

/* The place in "file:line: reason"; 0: there is none. */
static size_t find_place(const char *reason, long *ret_line) {
    for (const char *at = strchr(reason, ':'); at; at = strchr(at + 1, ':')) {
        char *end;
        long line = strtol(at + 1, &end, 10);
        if (end == at + 1 || *end != ':' || line < 1) continue;
        *ret_line = line;
        return (size_t)(at - reason);
    }
    return 0;
}

static void add_reason(struct buf *ret, const char *reason) {
    long line;
    size_t file = find_place(reason, &line);
    add_text(ret, "reason", reason);
    if (!file) return;
    buf_add_str(ret, ",\"file\":");
    buf_add_json(ret, reason, file);
    buf_addf(ret, ",\"line\":%ld", line);
}

void report_outcome(const struct reload_outcome *outcome, struct buf *ret) {
    const char *word = outcome->code != ERR_OK ? "refused" : outcome->order->dry_run ? "fine" : "served";
    buf_addf(ret, "{\"outcome\":\"%s\",\"generation\":%u,\"by\":\"%s\",\"milliseconds\":%.1f", word,
             outcome->generation, outcome->order->by, (double)outcome->ns / CLOCK_NS_PER_MS);
    if (outcome->code != ERR_OK) {
        buf_add_char(ret, ',');
        add_reason(ret, outcome->reason);
    }
    buf_add_char(ret, '}');
}

void report_log(const struct reload_outcome *outcome) {
    struct log_field by = log_text("by", outcome->order->by);
    struct log_field took = log_real("milliseconds", (double)outcome->ns / CLOCK_NS_PER_MS);
    if (outcome->code != ERR_OK)
        log_event(LOG_ERROR, "the scripts were refused, what was served goes on", by, took,
                  log_text("reason", outcome->reason));
    else if (!outcome->order->dry_run)
        log_event(LOG_INFO, "new scripts are served", by, took);
}

static void add_files(struct buf *ret, const struct snapshot *snapshot) {
    buf_add_str(ret, "\"files\":[");
    for (size_t i = 0; i < snapshot_count(snapshot); i++) {
        const struct module *module = snapshot_at(snapshot, i);
        buf_add_str(ret, i ? ",{" : "{");
        add_text(ret, "name", module->chunk + 1);
        buf_addf(ret, ",\"hash\":\"%s\",\"bytes\":%zu}", module->hash, module->len);
    }
    buf_add_char(ret, ']');
}

static void add_failure(struct buf *ret, const struct reload_report *report) {
    if (!report->failure_ms) {
        buf_add_str(ret, "\"last_failure\":null");
        return;
    }
    buf_add_str(ret, "\"last_failure\":{");
    add_time(ret, "at", report->failure_ms);
    buf_addf(ret, ",\"by\":\"%s\",", report->failure_by);
    add_reason(ret, report->failure.text);
    buf_add_char(ret, '}');
}

static unsigned count_tasks(const struct edition *edition) {
    unsigned count = 0;
    for (size_t i = 0; i < edition->count; i++)
        if (edition->generations[i])
            count += atomic_load_explicit(&edition->generations[i]->tasks, memory_order_relaxed);
    return count;
}

void report_count(const struct reload_report *report, const struct edition *served,
                  struct reload_numbers *ret) {
    if (!served) return;
    ret->generation = served->number;
    ret->resting = quarantine_resting(served->quarantine);
    ret->workers = served->count < RELOAD_WORKERS ? served->count : RELOAD_WORKERS;
    for (const struct edition *edition = report->editions; edition; edition = edition->next) {
        ret->live++;
        for (size_t i = 0; i < edition->count && i < ret->workers; i++)
            if (edition->generations[i]) ret->memory[i] += generation_memory(edition->generations[i]);
    }
}

static void add_older(struct buf *ret, const struct reload_report *report, const struct edition *served) {
    const char *comma = "";
    buf_add_str(ret, "\"older\":[");
    for (const struct edition *edition = report->editions; edition; edition = edition->next) {
        if (edition == served) continue;
        buf_addf(ret, "%s{\"generation\":%u,\"requests\":%u}", comma, edition->number, count_tasks(edition));
        comma = ",";
    }
    buf_add_char(ret, ']');
}

static void add_history(struct buf *ret, const struct reload_report *report) {
    buf_add_str(ret, "\"history\":[");
    for (size_t i = 0; i < report->kept_count; i++) {
        const struct kept *kept = &report->kept[i];
        buf_addf(ret, "%s{\"generation\":%u,", i ? "," : "", kept->number);
        add_time(ret, "since", kept->at_ms);
        buf_addf(ret, ",\"by\":\"%s\",\"hash\":\"%.16s\"}", kept->by, kept->sources->hash);
    }
    buf_add_char(ret, ']');
}

void report_state(const struct reload_report *report, const struct edition *served, struct buf *ret) {
    if (!served) {
        buf_add_str(ret, "{\"generation\":0}");
        return;
    }
    buf_addf(ret, "{\"generation\":%u,", served->number);
    add_time(ret, "since", served->at_ms);
    buf_addf(ret, ",\"by\":\"%s\",\"hash\":\"%.16s\",\"queries\":%zu,", served->by, served->sources->hash,
             query_set_count(served->sources->queries));
    add_failure(ret, report);
    buf_add_char(ret, ',');
    add_older(ret, report, served);
    buf_add_char(ret, ',');
    add_history(ret, report);
    buf_add_char(ret, ',');
    add_files(ret, served->sources->snapshot);
    buf_add_char(ret, '}');
}
