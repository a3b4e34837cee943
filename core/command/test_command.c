/* test_command.c -- `plateia test [DIR|FILE]...`: the specs of the script folder, or those that are named,
 * run on the real services. What a spec is, and how it is told, prelude/test_run.lua knows; here is the
 * ground that it stands on, and one job after the other. */

#include "../assembly/foundation.h"
#include "../assembly/scratch.h"
#include "../assembly/worker.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../script/trial.h"
#include "../services/crypto.h"
#include "commands.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX       "_spec.lua"
#define SECRET_BYTES 32
/* One spec: of work at a time, and in all. */
#define RUN_NS   (2 * CLOCK_NS_PER_S)
#define TOTAL_NS (5 * CLOCK_NS_PER_S)

struct options {
    const char *filter, *output; /* "": none; "dots", "names" or "tap" */
    bool list;
    struct buf places; /* where specs were looked for, in words */
};

/* ---- what was called ---- */

static bool is_output(const char *word) {
    return strcmp(word, "dots") == 0 || strcmp(word, "names") == 0 || strcmp(word, "tap") == 0;
}

static const char *value_or(const struct command_call *call, const char *option, const char *otherwise) {
    const char *value = command_value(call, option);
    return value ? value : otherwise;
}

static enum err_code look_in(const char *place, struct options *options, struct texts *files,
                             struct err *err) {
    char path[1024];
    size_t len = (size_t)snprintf(path, sizeof path, "%s", place);
    while (len > 1 && len < sizeof path && path[len - 1] == '/')
        path[--len] = '\0';
    buf_addf(&options->places, "%s%s", options->places.len ? ", " : "", path);
    return texts_add(files, path, SUFFIX, err);
}

/* Returns an exit code, or -1: go on. */
static int read_call(const struct command_call *call, struct options *options, struct texts *files) {
    struct err err = {0};
    enum err_code code = ERR_OK;
    *options = (struct options){.filter = value_or(call, "--filter", ""),
                                .output = value_or(call, "--output", "dots"),
                                .list = command_has(call, "--list")};
    for (int i = 0; i < call->word_count && code == ERR_OK; i++)
        code = look_in(call->words[i], options, files, &err);
    if (code == ERR_OK && call->word_count == 0)
        code = look_in(call->settings->scripts, options, files, &err);
    if (code == ERR_OK && !is_output(options->output))
        code = err_set(&err, ERR_INVALID, "--output is dots, names or tap, not %s", options->output);
    return code == ERR_OK ? -1 : command_misused(call->command, err.text);
}

/* ---- the ground ---- */

struct ground {
    struct settings settings;
    char secret[2 * SECRET_BYTES + 1];
    struct scratch scratch; /* unless a database was given */
    struct trial trial;
    struct foundation foundation;
    struct worker *worker;
};

/* Passwords are hashed in earnest, but cheaply. */
static void set_up(struct ground *ground, const struct settings *settings) {
    unsigned char bytes[SECRET_BYTES];
    ground->settings = *settings;
    crypto_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(ground->secret + 2 * i, 3, "%02x", bytes[i]);
    ground->settings.jwt_secret = ground->secret;
    ground->settings.hash_memory_kib = 64;
    ground->settings.hash_passes = 1;
    ground->settings.workers = 1;
    ground->settings.script_memory *= 4; /* all specs are in one state */
    /* What a spec that was stopped has left running is waited for, and its loop is not the next one's affair.
     */
    ground->settings.db_wait_ms += settings->db_lease_timeout_ms;
    ground->settings.script_pause_ms = 0;
    ground->settings.quarantine_ms = 1;
}

/* One that is given is taken as it is: it is somebody's, and what is done there is taken back. */
static enum err_code open_database(struct ground *ground, struct err *err) {
    struct foundation *foundation = &ground->foundation;
    const char *conninfo = ground->settings.database_url;
    enum err_code code = ERR_OK;
    if (!*conninfo) {
        code = scratch_open(&ground->scratch, &ground->settings, err);
        if (code != ERR_OK) return code;
        conninfo = scratch_conninfo(&ground->scratch);
    }
    if (snprintf(foundation->conninfo, sizeof foundation->conninfo, "%s", conninfo) >=
        (int)sizeof foundation->conninfo)
        code = err_set(err, ERR_INVALID, "DATABASE_URL is longer than 2047 characters");
    return code;
}

static enum err_code open_ground(struct ground *ground, struct err *err) {
    struct foundation *foundation = &ground->foundation;
    enum err_code code;
    foundation->settings = &ground->settings;
    foundation->trial = &ground->trial;
    if ((code = open_database(ground, err)) != ERR_OK) return code;
    if ((code = foundation_keys(foundation, err)) != ERR_OK) return code;
    if ((code = foundation_services(foundation, err)) != ERR_OK) return code;
    if ((code = worker_new(&ground->worker, foundation, 0, err)) != ERR_OK) return code;
    if ((code = foundation_scripts(foundation, err)) != ERR_OK) {
        if (code == ERR_BUSY && !ground->scratch.postgres)
            err_advise(err, "DATABASE_URL names it; without it a temporary one is made");
        return code;
    }
    if (ground->scratch.postgres && (code = foundation_maintain(foundation, err)) != ERR_OK) return code;
    return worker_bound(ground->worker, RUN_NS, TOTAL_NS, err);
}

static void close_ground(struct ground *ground) {
    foundation_quiet(&ground->foundation);
    worker_free(ground->worker);
    foundation_close(&ground->foundation);
    scratch_close(&ground->scratch);
    trial_done(&ground->trial);
}

/* ---- the run ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

/* What Ctrl-C would end comes to its end between two steps: the temporary database goes with us. */
static void take_signals(void) {
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* Tells the specs' conductor something, and prints what it says; ERR_INVALID: why it has failed. */
static enum err_code tell(struct ground *ground, struct buf *text, const char *const words[], int count,
                          struct err *err) {
    buf_clear(text);
    enum err_code code = worker_job(ground->worker, JOB_SPECS, words, count, text, err);
    if (code != ERR_OK) return code;
    if (text->data) fputs(text->data, stdout);
    fflush(stdout);
    return ERR_OK;
}

#define TELL(...)  tell(ground, &text, (const char *const[]){__VA_ARGS__}, WORDS(__VA_ARGS__), err)
#define WORDS(...) (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A step is a job, which may be stopped; once nothing of it is left, another says how it ended. */
static enum err_code run_step(struct ground *ground, const char *what, size_t number, struct err *err) {
    struct buf text = {0};
    struct err why = {0};
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", number);
    const char *const step[] = {what, digits};
    enum err_code code = tell(ground, &text, step, 2, &why);
    worker_settle(ground->worker);
    if (interrupted)
        code = err_set(err, ERR_INVALID, "interrupted");
    else
        code = TELL("after", what, digits, code == ERR_OK ? NULL : why.text);
    buf_done(&text);
    return code;
}

static enum err_code run_steps(struct ground *ground, const char *what, size_t count, struct err *err) {
    enum err_code code = ERR_OK;
    for (size_t i = 1; code == ERR_OK && i <= count; i++)
        code = run_step(ground, what, i, err);
    return code;
}

/* What the conductor counts: "plan", the steps that there are, and "failures". */
static enum err_code count(struct ground *ground, const char *what, size_t *ret, struct err *err) {
    struct buf text = {0};
    enum err_code code = worker_job(ground->worker, JOB_SPECS, &what, 1, &text, err);
    *ret = code == ERR_OK && text.data ? strtoul(text.data, NULL, 10) : 0;
    buf_done(&text);
    return code;
}

static enum err_code run(struct ground *ground, const struct options *options, size_t *failures,
                         struct err *err) {
    struct buf text = {0};
    bool colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    size_t steps = 0;
    enum err_code code = TELL("begin", options->list ? "list" : options->output, options->filter,
                              colours ? "colours" : NULL, options->places.data);
    if (code == ERR_OK) code = run_steps(ground, "load", ground->trial.files.count, err);
    if (code == ERR_OK) code = count(ground, "plan", &steps, err);
    if (code == ERR_OK) code = run_steps(ground, "run", steps, err);
    if (code == ERR_OK) code = TELL("end");
    if (code == ERR_OK) code = count(ground, "failures", failures, err);
    buf_done(&text);
    return code;
}

int command_test(const struct command_call *call) {
    struct ground ground = {0};
    struct options options;
    struct err err = {0};
    int status = read_call(call, &options, &ground.trial.files);
    if (status < 0) {
        log_open(LOG_TEXT, LOG_ERROR, STDERR_FILENO);
        take_signals();
        set_up(&ground, call->settings);
        enum err_code code = open_ground(&ground, &err);
        size_t failures = 0;
        if (code == ERR_OK) code = run(&ground, &options, &failures, &err);
        if (code != ERR_OK) fprintf(stderr, "%s\n", err.text);
        status = code == ERR_OK && failures == 0 ? 0 : 1;
    }
    close_ground(&ground);
    buf_done(&options.places);
    return status;
}
