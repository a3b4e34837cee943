#ifndef PLATEIA_SERVICES_SETTINGS_H
#define PLATEIA_SERVICES_SETTINGS_H

/* settings.h -- everything that can be set, one row each in one table (settings.c).
 *
 * Read from flags (--workers 4 or --workers=4) over environment (PLATEIA_WORKERS; PLATEIA_X_FILE for secrets;
 * DATABASE_URL as it is) over a file (--config FILE or PLATEIA_CONFIG: lines `name = value`, # comments) over
 * defaults. An unknown key is an error in flags and file (with the nearest name as a suggestion) and a
 * warning in the environment. All problems are told at once. Read once at start, then constant: any thread.
 */

#include "../base/buf.h"
#include "../base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct settings {
    /* texts are never NULL; "" where nothing is set */
    const char *listen;               /* "0.0.0.0:8080" */
    const char *admin_listen;         /* "127.0.0.1:9180" */
    const char *admin_token;          /* secret; "": operators need none */
    const char *data;                 /* folder of the embedded default: "data" */
    const char *scripts;              /* "scripts" */
    const char *sql;                  /* "sql": migrations/ and queries/ below it */
    const char *web;                  /* "web": folder of the page; "none": no page */
    const char *database_url;         /* "": embedded PostgreSQL */
    const char *postgres_bin;         /* "": found by itself */
    const char *jwt_secret;           /* secret */
    int64_t jwt_lifetime_s;           /* 3600 */
    int64_t workers;                  /* 0 in the table means: the number of cores; here it is resolved */
    int64_t connections;              /* most open connections of the whole process: 10000 */
    int64_t connections_per_address;  /* 0: as many as it likes */
    int64_t stream_max;               /* most clients of streams, beside `connections`: 10000 */
    int64_t stream_ping_ms;           /* 15000 */
    const char *trusted_proxies;      /* networks whose X-Forwarded-For and Forwarded are believed */
    const char *cors_origins;         /* "": no CORS; "*": any */
    int64_t throttle_sign_in;         /* failed sign-ins a minute, of an account from an address: 10 */
    int64_t throttle_sign_in_address; /* the same, of all accounts from an address: 30 */
    int64_t throttle_sign_up;         /* sign-ups an hour, from an address: 20 */
    int64_t body_limit;               /* bytes: 65536 */
    int64_t answer_limit;             /* bytes: 1048576 */
    int64_t head_timeout_ms, body_timeout_ms, idle_timeout_ms; /* 10000, 30000, 75000 */
    int64_t drain_timeout_ms;                                  /* 10000 */
    int64_t db_leases;                                         /* exclusive connections a worker: 2 */
    int64_t db_read_timeout_ms;                                /* 500 */
    int64_t db_lease_timeout_ms; /* 5000: statement_timeout of leases and batches */
    int64_t db_wait_ms;          /* 2000: how long a request waits for a lease */
    int64_t db_queue;            /* waiting calls a class and worker: 4096 */
    int64_t script_memory;       /* bytes a Lua state may hold: 67108864 */
    bool script_watch;           /* true */
    int64_t script_drain_ms;     /* 30000: how long what a replaced generation has begun may take */
    int64_t script_time_ms;      /* 100: until a handler waits or ends */
    int64_t script_total_ms;     /* 30000: from a handler's beginning to its end, waits included */
    int64_t script_load_ms;      /* 1000: for loading, and for each step of a job */
    int64_t script_pause_ms;     /* 100: after a handler was stopped */
    int64_t quarantine_ms;       /* 30000 */
    int64_t hash_memory_kib;     /* argon2id: 19456 (OWASP) */
    int64_t hash_passes;         /* argon2id: 2 */
    int64_t hash_threads;        /* 1 */
    int64_t hash_queue;          /* 64 */
    const char *log_format;      /* "auto" (text on a terminal, else json), "json", "text" */
    const char *log_level;       /* "debug" "info" "warn" "error" */
    bool access_log;             /* true */
    int64_t slow_ms;             /* 500: a handler that takes so long is told of; 0: none is */
    bool server_timing;          /* false */

    int64_t outbox_attempts;                       /* before a row is given up: 12 */
    int64_t outbox_lease_ms;                       /* how long a claim holds: 60000 */
    int64_t outbox_retry_ms, outbox_retry_most_ms; /* 1000, doubled up to 600000 */
};

/* argv holds flags only (no program or command name); `environment` is NULL-terminated NAME=value. On
 * ERR_INVALID err->text holds the first problem and *problems (may be NULL) all of them, one a line.
 * Positional arguments are not taken: the caller passes what is left after "--" or non-flags itself.
 * *warnings (may be NULL) gets lines. */
enum err_code settings_load(struct settings **ret, int argc, const char *const *argv,
                            const char *const *environment, struct buf *problems, struct buf *warnings,
                            struct err *err);
void settings_free(struct settings *settings);

/* `plateia settings`: a table of name, value, where it comes from, and the one line of help; secrets masked.
 */
void settings_print(const struct settings *settings, struct buf *ret);
/* Flags for --help, one a line with meaning and default: those of the settings named (spaces part them), or
 * all (NULL). */
void settings_help(const char *names, struct buf *ret);

/* One row of the table, for what is made of it: the manual page, the shells' completions. */
struct setting_about {
    const char *name, *help, *fallback;
    const char *value; /* what it takes, in a word: "N", "DIR"; "": a switch */
    const char *words; /* that it may be, parted by spaces; NULL: others */
    char flag[64];     /* without its dashes */
    bool is_switch, is_folder, is_secret;
};
bool settings_about(size_t number, struct setting_about *ret); /* from 0 on; false: there are no more */

/* How many words of argv the flag argv[0] takes: 1, or 2 with the value behind it. */
int settings_flag_words(int left, const char *const *argv);

/* One setting by name as text for scripts, "" when empty; NULL when there is no such name or it is a secret.
 */
const char *settings_text(const struct settings *settings, const char *name, struct buf *scratch);

#endif
