/* import_command.c -- `plateia import ADAPTER [FILE]`: a server that runs on the same database is asked to do
 * it, and followed; where there is none, the job is run here. */

#include "../assembly/foundation.h"
#include "../assembly/worker.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../http/ask.h"
#include "answer.h"
#include "commands.h"
#include "running.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_EVERY_NS (100 * CLOCK_NS_PER_MS)

/* ---- showing ---- */

/* A line that redraws itself on a terminal; a line a step elsewhere. */
static void show_progress(void *ctx, long done, long total, const char *what) {
    long percent = total > 0 ? done * 100 / total : 0;
    (void)ctx;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r[%-30.*s] %3ld %%  %s%s", (int)(percent * 30 / 100),
                "##############################", percent, what, done >= total ? "\n" : "");
    else
        fprintf(stderr, "%3ld %%  %s\n", percent, what);
}

/* ---- the input ---- */

static enum err_code read_input(const char *path, struct buf *ret, struct err *err) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) {
        err_system(err, path);
        err_advise(err, "name a file that can be read, or - for standard input");
        return ERR_SYSTEM;
    }
    size_t n = 1;
    while (n > 0 && buf_reserve(ret, 65536)) {
        n = fread(ret->data + ret->len, 1, 65536, file);
        ret->len += n;
        ret->data[ret->len] = '\0';
    }
    enum err_code code = ferror(file) || ret->failed ? err_system(err, path) : ERR_OK;
    if (file != stdin) fclose(file);
    if (code == ERR_OK && memchr(ret->data, '\0', ret->len))
        code = err_set(err, ERR_INVALID, "%s holds NUL bytes: give it as text (UTF-8)", path);
    return code;
}

/* ---- a running server ---- */

struct server {
    char admin[RUNNING_SIZE];
    const char *token;
};

static void add_text_of(const struct buf *json, const char *name, struct buf *ret) {
    answer_text(answer_get(json->data, name), ret);
}

static long number_of(const struct buf *json, const char *name) {
    return (long)answer_number(answer_get(json->data, name));
}

static enum err_code refusal(const struct buf *body, struct err *err) {
    struct buf detail = {0};
    add_text_of(body, "detail", &detail);
    enum err_code code = err_set(err, ERR_INVALID, "%s", detail.data ? detail.data : "the server refused it");
    buf_done(&detail);
    return code;
}

static void add_escaped(struct buf *target, const char *text) {
    for (; *text; text++)
        buf_addf(target, "%%%02X", (unsigned char)*text);
}

static enum err_code hand_over(const struct server *server, const char *adapter, const struct buf *input,
                               bool file, long *ret_number, struct err *err) {
    struct buf target = {0}, body = {0};
    int status = 0;
    buf_add_str(&target, "/import?adapter=");
    add_escaped(&target, adapter);
    struct ask question = {
        .host_port = server->admin, .token = server->token, .method = "POST", .target = target.data};
    if (file) question.body = input->data, question.len = input->len;
    enum err_code code = ask(&question, &status, &body, err);
    if (code == ERR_OK && status != 202) code = refusal(&body, err);
    if (code == ERR_OK) *ret_number = number_of(&body, "number");
    buf_done(&target), buf_done(&body);
    return code;
}

/* Looks once: true when it is over. */
static bool look(const struct server *server, long number, long *shown, struct buf *report,
                 enum err_code *code, struct err *err) {
    struct ask question = {
        .host_port = server->admin, .token = server->token, .method = "GET", .target = "/import"};
    struct buf body = {0};
    int status = 0;
    bool over = true;
    if (ask(&question, &status, &body, NULL) != ERR_OK || status != 200 ||
        number_of(&body, "number") != number)
        *code = err_set(err, ERR_UNKNOWN, "the server can no longer tell of it; an import is safe to repeat");
    else {
        struct buf what = {0};
        add_text_of(&body, "what", &what);
        long done = number_of(&body, "done");
        if (done != *shown && what.data) show_progress(NULL, done, number_of(&body, "total"), what.data);
        *shown = done;
        over = !answer_is(answer_get(body.data, "state"), "running");
        if (over) add_text_of(&body, "report", report);
        if (over && !answer_is(answer_get(body.data, "state"), "done"))
            *code = err_set(err, ERR_INVALID, "%s", report->data ? report->data : "it failed");
        buf_done(&what);
    }
    buf_done(&body);
    return over;
}

static enum err_code follow(const struct server *server, long number, struct buf *report, struct err *err) {
    enum err_code code = ERR_OK;
    long shown = 0;
    while (!look(server, number, &shown, report, &code, err))
        nanosleep(&(struct timespec){.tv_nsec = FOLLOW_EVERY_NS}, NULL);
    return code;
}

/* ---- without a server ---- */

static enum err_code run_here(const struct settings *settings, const char *const *args, int count,
                              struct buf *report, struct err *err) {
    struct foundation foundation = {0};
    struct worker *worker = NULL;
    enum err_code code = foundation_database(&foundation, settings, true, NULL, err);
    if (code == ERR_OK) {
        foundation.progress = show_progress;
        code = foundation_services(&foundation, err);
    }
    if (code == ERR_OK) code = worker_new(&worker, &foundation, 0, err);
    if (code == ERR_OK) code = foundation_scripts(&foundation, err);
    if (code == ERR_OK) code = worker_job(worker, JOB_IMPORT, args, count, report, err);
    foundation_quiet(&foundation);
    worker_free(worker);
    foundation_close(&foundation);
    return code;
}

int command_import(const struct command_call *call) {
    struct buf input = {0}, report = {0};
    struct err err = {0};
    struct server server = {.token = call->settings->admin_token};
    long number = 0;
    bool file = call->word_count > 1;
    enum err_code code = file ? read_input(call->words[1], &input, &err) : ERR_OK;
    if (code == ERR_OK && running_on_database(call->settings, server.admin)) {
        log_event(LOG_INFO, "a running server does the import", log_text("admin", server.admin));
        code = hand_over(&server, call->words[0], &input, file, &number, &err);
        if (code == ERR_OK) code = follow(&server, number, &report, &err);
    } else if (code == ERR_OK) {
        const char *const args[2] = {call->words[0], input.data};
        code = run_here(call->settings, args, file ? 2 : 1, &report, &err);
    }
    if (code == ERR_OK && report.data) puts(report.data);
    buf_done(&input), buf_done(&report);
    return code == ERR_OK ? 0 : command_failed("the import failed", &err);
}
