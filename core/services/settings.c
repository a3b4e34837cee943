/* settings.c -- the table of everything that can be set, and how it is shown.
 *
 * One row says all there is to know of a setting, so that the flag, the environment variable, the check, the
 * help and `plateia settings` cannot disagree. Reading the sources is settings_load.c's affair. */

#include "settings.h"
#include "crypto.h"
#include "settings_rows.h"
#include "token.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KIB        1024LL
#define MIB        (1024 * KIB)
#define GIB        (1024 * MIB)
#define HOUR_MS    (3600 * 1000LL)
#define PATH_BYTES 4096

#define AT(field) #field, offsetof(struct settings, field)

/* clang-format off */
const struct setting_row setting_rows[] = {
    {AT(listen), SETTING_ADDRESS, "0.0.0.0:8080", 0, 0, "where people are served, host:port", NULL},
    {AT(admin_listen), SETTING_ADDRESS, "127.0.0.1:9180", 0, 0, "where operators are served, host:port", NULL},
    {AT(admin_token), SETTING_SECRET, "", 32, PATH_BYTES, "what operators have to send; needed where others can reach them", NULL},
    {AT(data), SETTING_FOLDER, "data", 1, PATH_BYTES, "folder of the embedded PostgreSQL", NULL},
    {AT(scripts), SETTING_FOLDER, "scripts", 1, PATH_BYTES, "folder of the Lua scripts", NULL},
    {AT(sql), SETTING_FOLDER, "sql", 1, PATH_BYTES, "folder of migrations/ and queries/", NULL},
    {AT(web), SETTING_FOLDER, "web", 1, PATH_BYTES, "folder of the pages (/ and /docs); none: no pages", NULL},
    {AT(database_url), SETTING_URL, "", 0, PATH_BYTES, "PostgreSQL to use; empty: an embedded one", NULL},
    {AT(postgres_bin), SETTING_FOLDER, "", 0, PATH_BYTES, "folder of initdb and postgres; empty: found by itself", NULL},
    {AT(jwt_secret), SETTING_SECRET, "", TOKEN_MIN_SECRET, PATH_BYTES, "signs and checks tokens", NULL},
    {AT(jwt_lifetime_s), SETTING_NUMBER, "3600", 1, 366 * 86400, "seconds that a token is good for", NULL},
    {AT(workers), SETTING_NUMBER, "0", 0, 256, "threads that serve; 0: one a core", NULL},
    {AT(connections), SETTING_NUMBER, "10000", 1, 1000000, "open connections of all workers", NULL},
    {AT(connections_per_address), SETTING_NUMBER, "0", 0, 1000000, "open connections of one address; 0: no limit", NULL},
    {AT(stream_max), SETTING_NUMBER, "10000", 0, 1000000, "clients that may watch streams at once", NULL},
    {AT(stream_ping_ms), SETTING_NUMBER, "15000", 100, HOUR_MS, "between two signs of life to a client of a stream", NULL},
    {AT(trusted_proxies), SETTING_TEXT, "", 0, PATH_BYTES, "networks whose X-Forwarded-For counts: 10.0.0.0/8, ::1", NULL},
    {AT(cors_origins), SETTING_TEXT, "", 0, PATH_BYTES, "web pages that may ask: https://a.example, or *; empty: none", NULL},
    {AT(throttle_sign_in), SETTING_NUMBER, "10", 0, 1000000, "failed sign-ins a minute, an account and address; 0: no limit", NULL},
    {AT(throttle_sign_in_address), SETTING_NUMBER, "30", 0, 1000000, "failed sign-ins a minute, an address; 0: no limit", NULL},
    {AT(throttle_sign_up), SETTING_NUMBER, "20", 0, 1000000, "sign-ups an hour, an address; 0: no limit", NULL},
    {AT(body_limit), SETTING_BYTES, "64KiB", KIB, GIB, "bytes of a request's body", NULL},
    {AT(answer_limit), SETTING_BYTES, "1MiB", KIB, GIB, "bytes of an answer", NULL},
    {AT(head_timeout_ms), SETTING_NUMBER, "10000", 1, HOUR_MS, "for a request's head to arrive", NULL},
    {AT(body_timeout_ms), SETTING_NUMBER, "30000", 1, HOUR_MS, "for a request's body to arrive", NULL},
    {AT(idle_timeout_ms), SETTING_NUMBER, "75000", 1, HOUR_MS, "for an idle connection to ask again", NULL},
    {AT(drain_timeout_ms), SETTING_NUMBER, "10000", 0, HOUR_MS, "for requests to end when the server stops", NULL},
    {AT(db_leases), SETTING_NUMBER, "2", 1, 64, "exclusive database connections a worker", NULL},
    {AT(db_read_timeout_ms), SETTING_NUMBER, "500", 1, HOUR_MS, "for a read statement", NULL},
    {AT(db_lease_timeout_ms), SETTING_NUMBER, "5000", 1, HOUR_MS, "for a statement of a transaction or a batch", NULL},
    {AT(db_wait_ms), SETTING_NUMBER, "2000", 1, HOUR_MS, "for a request to get a database connection", NULL},
    {AT(db_queue), SETTING_NUMBER, "4096", 1, 65536, "calls that may wait, a class and worker", NULL},
    {AT(script_memory), SETTING_BYTES, "64MiB", MIB, 16 * GIB, "bytes that a Lua state may hold", NULL},
    {AT(script_watch), SETTING_SWITCH, "true", 0, 0, "serve scripts and queries as soon as they are saved", NULL},
    {AT(script_drain_ms), SETTING_NUMBER, "30000", 1, HOUR_MS, "for what a replaced generation has begun", NULL},
    {AT(script_time_ms), SETTING_NUMBER, "100", 1, HOUR_MS, "that a handler may use until it waits or ends", NULL},
    {AT(script_total_ms), SETTING_NUMBER, "30000", 1, HOUR_MS, "that a handler may take in all, waits included", NULL},
    {AT(script_load_ms), SETTING_NUMBER, "1000", 1, HOUR_MS, "for scripts to load, and for each step of a job", NULL},
    {AT(script_pause_ms), SETTING_NUMBER, "100", 0, HOUR_MS, "for which a handler pauses that was stopped; 0: not at all", NULL},
    {AT(quarantine_ms), SETTING_NUMBER, "30000", 1, HOUR_MS, "for which a handler rests that was stopped five times", NULL},
    {AT(hash_memory_kib), SETTING_NUMBER, "19456", 8, 4 * MIB, "argon2id: KiB a password", NULL},
    {AT(hash_passes), SETTING_NUMBER, "2", 1, 64, "argon2id: passes over that memory", NULL},
    {AT(hash_threads), SETTING_NUMBER, "1", 1, 64, "threads that hash passwords", NULL},
    {AT(hash_queue), SETTING_NUMBER, "64", 1, 65536, "passwords that may wait", NULL},
    {AT(outbox_attempts), SETTING_NUMBER, "12", 1, 1000, "attempts before a notification is given up", NULL},
    {AT(outbox_lease_ms), SETTING_NUMBER, "60000", 100, HOUR_MS, "for which a claimed notification is kept from others", NULL},
    {AT(outbox_retry_ms), SETTING_NUMBER, "1000", 1, HOUR_MS, "until the second attempt; doubled each time", NULL},
    {AT(outbox_retry_most_ms), SETTING_NUMBER, "600000", 1, 24 * HOUR_MS, "the most between two attempts", NULL},
    {AT(log_format), SETTING_WORD, "auto", 0, 0, "auto: text on a terminal, else json", "auto json text"},
    {AT(log_level), SETTING_WORD, "info", 0, 0, "the least that is logged", "debug info warn error"},
    {AT(access_log), SETTING_SWITCH, "true", 0, 0, "one line a request", NULL},
    {AT(slow_ms), SETTING_NUMBER, "500", 0, HOUR_MS, "a request that takes so long is told of; 0: none is", NULL},
    {AT(server_timing), SETTING_SWITCH, "false", 0, 0, "answers say where their time went (Server-Timing)", NULL},
};
/* clang-format on */

const size_t setting_count = sizeof setting_rows / sizeof *setting_rows;
static_assert(sizeof setting_rows / sizeof *setting_rows <= SETTINGS_MAX, "settings_loaded has room");

void *setting_at(const struct setting_row *row, const struct settings *settings) {
    return (char *)settings + row->offset;
}

bool setting_is_secret(const struct setting_row *row) {
    return row->kind == SETTING_SECRET || row->kind == SETTING_URL;
}

/* postgres://user:password@host/db?password=x or "host=h password=x". It hides too much rather than too
 * little: up to the last '@', and all that comes behind "password=". */
static void add_masked_url(const char *text, struct buf *ret) {
    const char *scheme = strstr(text, "://"), *at = strrchr(text, '@');
    const char *colon = strchr(scheme ? scheme + 3 : text, ':');
    if (colon && at && colon < at) {
        buf_add(ret, text, (size_t)(colon + 1 - text));
        buf_add_str(ret, "***");
        text = at;
    }
    const char *word = strcasestr(text, "password"), *equals = word ? strchr(word, '=') : NULL;
    if (!equals) {
        buf_add_str(ret, text);
        return;
    }
    buf_add(ret, text, (size_t)(equals + 1 - text));
    buf_add_str(ret, "***");
}

void setting_add_shown(const struct setting_row *row, const char *text, struct buf *ret) {
    if (row->kind == SETTING_URL)
        add_masked_url(text, ret);
    else
        buf_add_str(ret, row->kind == SETTING_SECRET && *text ? "***" : text);
}

static const char *const source_names[] = {"default", "file", "environment", "flag"};

/* The value in force: of `workers = 0` that is the number of cores. */
static void add_value(const struct setting_row *row, const struct settings *settings, struct buf *ret) {
    void *at = setting_at(row, settings);
    if (row->kind == SETTING_SWITCH)
        buf_add_str(ret, *(bool *)at ? "true" : "false");
    else if (row->kind == SETTING_NUMBER || row->kind == SETTING_BYTES)
        buf_add_int(ret, *(int64_t *)at);
    else
        setting_add_shown(row, *(const char **)at, ret);
}

static int longest_name(void) {
    size_t longest = 0;
    for (size_t i = 0; i < setting_count; i++)
        if (strlen(setting_rows[i].name) > longest) longest = strlen(setting_rows[i].name);
    return (int)longest;
}

void settings_print(const struct settings *settings, struct buf *ret) {
    const struct settings_loaded *loaded = (const struct settings_loaded *)settings;
    struct buf value = {0};
    int width = longest_name();
    buf_addf(ret, "%-*s  %-20s %-12s %s\n", width, "name", "value", "from", "meaning");
    for (size_t i = 0; i < setting_count; i++) {
        buf_clear(&value);
        add_value(&setting_rows[i], settings, &value);
        buf_addf(ret, "%-*s  %-20s %-12s %s\n", width, setting_rows[i].name, value.len ? value.data : "-",
                 source_names[loaded->sources[i]], setting_rows[i].help);
    }
    if (value.failed) ret->failed = true;
    buf_done(&value);
}

/* What stands behind a flag, in a word; a switch needs nothing. */
static const char *value_word(const struct setting_row *row) {
    static const char *const words[] = {
        [SETTING_TEXT] = "TEXT", [SETTING_FOLDER] = "DIR",  [SETTING_ADDRESS] = "HOST:PORT",
        [SETTING_URL] = "URL",   [SETTING_SECRET] = "TEXT", [SETTING_WORD] = "WORD",
        [SETTING_NUMBER] = "N",  [SETTING_BYTES] = "BYTES", [SETTING_SWITCH] = ""};
    return words[row->kind];
}

/* The row's name with dashes, as a flag has it, and its value. */
static void add_flag(const struct setting_row *row, struct buf *ret) {
    buf_add_str(ret, "--");
    for (const char *c = row->name; *c; c++)
        buf_add_char(ret, *c == '_' ? '-' : *c);
    if (*value_word(row)) buf_addf(ret, " %s", value_word(row));
}

/* Whether the name is one of those, which spaces part. */
static bool is_named(const char *name, const char *names) {
    size_t len = strlen(name);
    for (const char *at = names; *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == len && strncmp(at, name, len) == 0) return true;
        at += word;
    }
    return false;
}

void settings_help(const char *names, struct buf *ret) {
    struct buf flag = {0};
    buf_addf(ret, "  %-29s %s\n", "--config FILE", "lines of `name = value`, names as in `plateia settings`");
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting_row *row = &setting_rows[i];
        if (names && !is_named(row->name, names)) continue;
        buf_clear(&flag);
        add_flag(row, &flag);
        buf_addf(ret, "  %-29s %s", flag.failed ? "" : flag.data, row->help);
        if (*row->fallback) buf_addf(ret, " (%s)", row->fallback);
        buf_add_char(ret, '\n');
    }
    if (flag.failed) ret->failed = true;
    buf_done(&flag);
}

bool settings_about(size_t number, struct setting_about *ret) {
    if (number >= setting_count) return false;
    const struct setting_row *row = &setting_rows[number];
    size_t len = 0;
    *ret = (struct setting_about){.name = row->name,
                                  .help = row->help,
                                  .fallback = row->fallback,
                                  .value = value_word(row),
                                  .words = row->kind == SETTING_SWITCH ? "true false" : row->words,
                                  .is_switch = row->kind == SETTING_SWITCH,
                                  .is_folder = row->kind == SETTING_FOLDER,
                                  .is_secret = setting_is_secret(row)};
    for (; row->name[len] && len + 1 < sizeof ret->flag; len++)
        ret->flag[len] = row->name[len] == '_' ? '-' : row->name[len];
    return true;
}

const char *settings_text(const struct settings *settings, const char *name, struct buf *scratch) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting_row *row = &setting_rows[i];
        if (strcmp(row->name, name) != 0) continue;
        if (setting_is_secret(row)) return NULL;
        buf_clear(scratch);
        add_value(row, settings, scratch);
        return scratch->len ? scratch->data : "";
    }
    return NULL;
}

void settings_free(struct settings *settings) {
    struct settings_loaded *loaded = (struct settings_loaded *)settings;
    if (!loaded) return;
    for (size_t i = 0; i < setting_count; i++) {
        if (loaded->texts[i] && setting_is_secret(&setting_rows[i]))
            crypto_wipe(loaded->texts[i], strlen(loaded->texts[i]));
        free(loaded->texts[i]);
    }
    free(loaded);
}
