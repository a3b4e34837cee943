#ifndef PLATEIA_TEST_SCRIPT_RIG_H
#define PLATEIA_TEST_SCRIPT_RIG_H

/* script_rig.h -- for tests: one worker's scheduler with a generation made of an app.lua, a bus and a hasher,
 * but no database. What scripts say, say "text", is in rig_said, by way of the log. Scripts have say, wait
 * (until a password is hashed, some milliseconds of another thread), background and the events "go" and
 * "other". */

#include "../../../core/base/buf.h"
#include "../../../core/base/clock.h"
#include "../../../core/base/log.h"
#include "../../../core/base/mailbox.h"
#include "../../../core/base/reactor.h"
#include "../../../core/script/generation.h"
#include "../../../core/script/scheduler.h"
#include "../../../core/services/bus.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/password.h"
#include "../../../core/services/settings.h"
#include "../../../core/services/snapshot.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RIG_TOO_LATE (30 * CLOCK_NS_PER_S)

static struct {
    char dir[64];
    int log;
    struct buf said;
    struct bus *bus;
    struct reactor *reactor;
    struct mailbox *mailbox;
    struct hasher *hasher;
    struct settings *settings;
    struct snapshot *snapshot;
    struct scheduler *scheduler;
    struct services services;
    struct generation *generation;
} rig;

static void rig_write(const char *name, const char *text, const char *more) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", rig.dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fputs(more, file);
    fclose(file);
}

static void rig_open(const char *app) {
    static const char events[] = "return { go = {}, other = {} }";
    static const char words[] =
        "local background, log = require 'plateia.background', require 'plateia.log'\n"
        "local password = require 'plateia.password'\n"
        "local function say(text) log.warn('a script says', { said = tostring(text) }) end\n"
        "local function wait() assert(password.hash 'secret') end\n";
    struct hasher_options hasher = {.threads = 1, .queue = 64, .cost = {.memory_kib = 1024, .passes = 2}};
    struct err err = {0};
    memset(&rig, 0, sizeof rig);
    snprintf(rig.dir, sizeof rig.dir, "/tmp/plateia-script-XXXXXX");
    assert_non_null(mkdtemp(rig.dir));
    rig_write("events.lua", events, "");
    rig_write("app.lua", words, app);
    assert_int_not_equal(rig.log = open(rig.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), -1);
    log_open(LOG_JSON, LOG_WARN, rig.log);
    assert_int_equal(crypto_open(NULL), ERR_OK);
    assert_int_equal(bus_new(&rig.bus, NULL), ERR_OK);
    assert_int_equal(reactor_new(&rig.reactor, NULL), ERR_OK);
    assert_int_equal(mailbox_new(&rig.mailbox, rig.reactor, NULL), ERR_OK);
    assert_int_equal(hasher_new(&rig.hasher, &hasher, NULL), ERR_OK);
    assert_int_equal(settings_load(&rig.settings, 0, NULL, (const char *const[]){NULL}, NULL, NULL, NULL),
                     ERR_OK);
    assert_int_equal(snapshot_read(&rig.snapshot, rig.dir, NULL), ERR_OK);
    assert_int_equal(scheduler_new(&rig.scheduler, rig.reactor, NULL), ERR_OK);
    rig.services = (struct services){.bus = rig.bus,
                                     .hasher = rig.hasher,
                                     .mailbox = rig.mailbox,
                                     .settings = rig.settings,
                                     .tasks = scheduler_tasks(rig.scheduler)};
    struct generation_parts parts = {
        .services = &rig.services, .snapshot = rig.snapshot, .memory_limit = 64u << 20};
    if (generation_new(&rig.generation, &parts, &err) != ERR_OK) fail_msg("%s", err.text);
}

/* What runs on the scheduler, like observers, is freed by the test before. */
static void rig_close_scheduler(void) {
    hasher_free(rig.hasher);
    scheduler_free(rig.scheduler);
}

static void rig_close(void) {
    char command[128];
    generation_free(rig.generation);
    bus_free(rig.bus);
    mailbox_free(rig.mailbox);
    reactor_free(rig.reactor);
    snapshot_free(rig.snapshot);
    settings_free(rig.settings);
    buf_done(&rig.said);
    log_open(LOG_JSON, LOG_ERROR, STDERR_FILENO);
    close(rig.log);
    snprintf(command, sizeof command, "rm -r '%s'", rig.dir);
    assert_int_equal(system(command), 0);
}

static const char *rig_log(void) {
    static char log[65536];
    log_flush();
    ssize_t len = pread(rig.log, log, sizeof log - 1, 0);
    log[len < 0 ? 0 : len] = '\0';
    return log;
}

static inline bool rig_logged(const char *text) {
    return strstr(rig_log(), text) != NULL;
}

/* All that was said, a semicolon behind each; good until it is asked again. */
static inline const char *rig_said(void) {
    static const char mark[] = "\"said\":\"";
    buf_clear(&rig.said);
    for (const char *at = rig_log(); (at = strstr(at, mark));) {
        at += sizeof mark - 1;
        buf_add(&rig.said, at, strcspn(at, "\""));
        buf_add_char(&rig.said, ';');
    }
    return rig.said.len ? rig.said.data : "";
}

static inline void rig_turns(int count) {
    while (count-- > 0)
        reactor_turn(rig.reactor, 5);
}

/* Turns until a script has said that, and fails if it never does. */
static inline void rig_until(const char *text) {
    int64_t until = clock_ns() + RIG_TOO_LATE;
    while (!strstr(rig_said(), text) && clock_ns() < until)
        reactor_turn(rig.reactor, 10);
    if (!strstr(rig_said(), text)) fail_msg("nobody says %s, only %s", text, rig_said());
}

#endif
