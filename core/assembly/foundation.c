/* foundation.c -- opens the services in the order in which they lean on each other. */

#include "foundation.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../exchange/board.h"
#include "../exchange/route_names.h"
#include "../http/assets.h"
#include "../http/edges.h"
#include "../http/streams.h"
#include "../script/budget.h"
#include "../script/reload.h"
#include "../script/sources.h"
#include "../services/cache.h"
#include "../services/crypto.h"
#include "../services/db/pool.h"
#include "../services/db/session.h"
#include "../services/embedded_postgres.h"
#include "../services/housekeeping.h"
#include "../services/metrics.h"
#include "../services/migrate.h"
#include "../services/password.h"
#include "../services/throttle.h"
#include "../services/token.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CACHE_BYTES      (16u << 20)
#define SPARE_BACKENDS   12 /* beside the pool: start-up work, commands, psql */
#define DATABASE_WAIT_NS (60 * CLOCK_NS_PER_S)
#define SECRET_HEX       64

static void say_progress(const char *sentence) {
    log_write(LOG_INFO, sentence, NULL, 0);
}

/* ---- the database ---- */

static enum err_code start_embedded(struct foundation *foundation, bool beside, struct err *err) {
    const struct settings *settings = foundation->settings;
    struct embedded_postgres_options options = {
        .data = settings->data,
        .bin = settings->postgres_bin,
        .connections = (unsigned)(settings->workers * (settings->db_leases + 2)) + SPARE_BACKENDS,
        .progress = say_progress};
    enum err_code code = embedded_postgres_start(&foundation->postgres, &options, err);
    if (code == ERR_BUSY && beside)
        return embedded_postgres_running(settings->data, foundation->conninfo, sizeof foundation->conninfo,
                                         err);
    if (code == ERR_OK)
        snprintf(foundation->conninfo, sizeof foundation->conninfo, "%s",
                 embedded_postgres_conninfo(foundation->postgres));
    return code;
}

/* A database elsewhere may still be starting (a Compose file starts both at once): worth a minute's patience.
 */
static enum err_code await_database(const char *conninfo, bool (*interrupted)(void), struct err *err) {
    int64_t until = clock_ns() + DATABASE_WAIT_NS;
    bool told = false;
    for (;;) {
        struct session *session = NULL;
        enum err_code code = session_open(&session, conninfo, err);
        session_close(session);
        if (code == ERR_OK || code == ERR_DENIED || code == ERR_INVALID || clock_ns() > until) return code;
        if (!told) log_event(LOG_WARN, "waiting for the database", log_text("reason", err->text));
        told = true;
        if (interrupted && interrupted()) return code;
        nanosleep(&(struct timespec){.tv_nsec = 500 * CLOCK_NS_PER_MS}, NULL);
    }
}

enum err_code foundation_database(struct foundation *foundation, const struct settings *settings, bool beside,
                                  bool (*interrupted)(void), struct err *err) {
    char migrations[1024];
    struct migrate_report report;
    enum err_code code;
    *foundation = (struct foundation){.settings = settings};
    if (!*settings->database_url) {
        code = start_embedded(foundation, beside, err);
    } else {
        if (snprintf(foundation->conninfo, sizeof foundation->conninfo, "%s", settings->database_url) >=
            (int)sizeof foundation->conninfo)
            return err_set(err, ERR_INVALID, "DATABASE_URL is longer than 2047 characters");
        code = session_check_address(foundation->conninfo, err);
        if (code == ERR_OK) code = await_database(foundation->conninfo, interrupted, err);
        if (code != ERR_OK)
            err_advise(err,
                       "DATABASE_URL names it, as postgresql://user:password@host:5432/database; without it, "
                       "the server makes a database of its own");
    }
    if (code != ERR_OK) return code;
    snprintf(migrations, sizeof migrations, "%s/migrations", settings->sql);
    if ((code = migrate_run(foundation->conninfo, migrations, &report, err)) != ERR_OK) return code;
    log_event(LOG_INFO, "schema is up to date", log_int("version", report.version),
              log_int("applied", report.applied));
    return ERR_OK;
}

/* ---- the signing secret ---- */

static enum err_code read_secret(const char *path, char ret[SECRET_HEX + 1], struct err *err) {
    FILE *file = fopen(path, "re");
    if (!file) {
        err_system(err, path);
        err_advise(err, "run this as the user whose data folder it is, or give PLATEIA_JWT_SECRET");
        return ERR_SYSTEM;
    }
    size_t len = fread(ret, 1, SECRET_HEX, file);
    fclose(file);
    ret[len] = '\0';
    if (len < TOKEN_MIN_SECRET)
        return err_set(err, ERR_INVALID,
                       "%s: the secret is shorter than 32 bytes; remove the file to get a new one", path);
    return ERR_OK;
}

/* Makes the embedded default's secret once; a second process that makes it at the same time loses and reads.
 */
static enum err_code make_secret(const char *path, struct err *err) {
    unsigned char bytes[SECRET_HEX / 2];
    char secret[CRYPTO_DIGEST_HEX], temporary[1100];
    enum err_code code = ERR_OK;
    crypto_random(bytes, sizeof bytes);
    crypto_sha256_hex(secret, bytes, sizeof bytes);
    snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return err_system(err, temporary);
    if (write(fd, secret, SECRET_HEX) != SECRET_HEX || fsync(fd) != 0) code = err_system(err, temporary);
    close(fd);
    if (code == ERR_OK) (void)!link(temporary, path);
    unlink(temporary);
    crypto_wipe(secret, sizeof secret);
    return code;
}

enum err_code foundation_keys(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    char path[1024], secret[SECRET_HEX + 1];
    enum err_code code;
    if (*settings->jwt_secret)
        return tokens_new(&foundation->tokens, settings->jwt_secret, strlen(settings->jwt_secret),
                          settings->jwt_lifetime_s, err);
    if (*settings->database_url)
        return err_set(
            err, ERR_INVALID,
            "PLATEIA_JWT_SECRET is not set: give at least 32 random bytes (openssl rand -hex 32), or name a "
            "file that holds them in PLATEIA_JWT_SECRET_FILE");
    snprintf(path, sizeof path, "%s/jwt_secret", settings->data);
    if (access(path, F_OK) != 0 && (code = make_secret(path, err)) != ERR_OK) return code;
    if ((code = read_secret(path, secret, err)) != ERR_OK) return code;
    code = tokens_new(&foundation->tokens, secret, strlen(secret), settings->jwt_lifetime_s, err);
    crypto_wipe(secret, sizeof secret);
    return code;
}

/* ---- the rest ---- */

static enum err_code open_reload(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    snprintf(foundation->queries, sizeof foundation->queries, "%s/queries", settings->sql);
    struct reload_options options = {.scripts = settings->scripts,
                                     .queries = foundation->queries,
                                     .conninfo = foundation->conninfo,
                                     .budget = foundation->budget,
                                     .memory_limit = (size_t)settings->script_memory,
                                     .load_ns = settings->script_load_ms * CLOCK_NS_PER_MS,
                                     .rest_ns = settings->quarantine_ms * CLOCK_NS_PER_MS,
                                     .pause_ns = settings->script_pause_ms * CLOCK_NS_PER_MS,
                                     .watch = settings->script_watch};
    return reload_new(&foundation->reload, &options, err);
}

enum err_code foundation_scripts(struct foundation *foundation, struct err *err) {
    return reload_first(foundation->reload, err);
}

static enum err_code open_pool(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    struct pool_options options = {.conninfo = foundation->conninfo,
                                   .leases = (unsigned)settings->db_leases,
                                   .read_timeout_ms = settings->db_read_timeout_ms,
                                   .lease_timeout_ms = settings->db_lease_timeout_ms,
                                   .wait_ms = settings->db_wait_ms,
                                   .queue = (unsigned)settings->db_queue,
                                   .nested = foundation->trial != NULL};
    return pool_open(&foundation->pool, &options, err);
}

/* An event's name is the tag of what it makes old. */
static void drop_cached(void *ctx, const char *name, const char *text, size_t len) {
    (void)text, (void)len;
    cache_drop(ctx, name);
}

static enum err_code open_bus(struct foundation *foundation, struct err *err) {
    enum err_code code = bus_new(&foundation->bus, err);
    if (code != ERR_OK) return code;
    foundation->cache_drops = (struct bus_subscription){.heard = drop_cached, .ctx = foundation->cache};
    bus_subscribe(foundation->bus, &foundation->cache_drops);
    return ERR_OK;
}

static enum err_code open_hasher(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    struct hasher_options options = {
        .threads = (unsigned)settings->hash_threads,
        .queue = (unsigned)settings->hash_queue,
        .cost = {.memory_kib = (size_t)settings->hash_memory_kib, .passes = (unsigned)settings->hash_passes}};
    return hasher_new(&foundation->hasher, &options, err);
}

static enum err_code open_edges(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    struct edges_options options = {.connections_per_address = (unsigned)settings->connections_per_address,
                                    .trusted_proxies = settings->trusted_proxies,
                                    .cors_origins = settings->cors_origins};
    return edges_new(&foundation->edges, &options, err);
}

enum err_code foundation_streams(struct foundation *foundation, struct err *err) {
    const struct settings *settings = foundation->settings;
    struct streams_options options = {.board = foundation->board,
                                      .edges = foundation->edges,
                                      .most = (unsigned)settings->stream_max,
                                      .window_ns = CLOCK_NS_PER_S,
                                      .ping_ns = settings->stream_ping_ms * CLOCK_NS_PER_MS};
    return streams_new(&foundation->streams, &options, err);
}

enum err_code foundation_services(struct foundation *foundation, struct err *err) {
    enum err_code code;
    if ((code = budget_new(&foundation->budget, err)) != ERR_OK) return code;
    if ((code = open_reload(foundation, err)) != ERR_OK) return code;
    if ((code = cache_new(&foundation->cache, CACHE_BYTES, err)) != ERR_OK) return code;
    if ((code = open_bus(foundation, err)) != ERR_OK) return code;
    if ((code = board_new(&foundation->board, err)) != ERR_OK) return code;
    if ((code = throttle_new(&foundation->throttle, err)) != ERR_OK) return code;
    if ((code = metrics_new(&foundation->metrics, (size_t)foundation->settings->workers, err)) != ERR_OK)
        return code;
    if ((code = route_names_new(&foundation->route_names, err)) != ERR_OK) return code;
    if ((code = open_edges(foundation, err)) != ERR_OK) return code;
    if ((code = open_hasher(foundation, err)) != ERR_OK) return code;
    return open_pool(foundation, err);
}

/* ---- the note for commands ---- */

void foundation_note_admin(const struct foundation *foundation, unsigned port) {
    const struct settings *settings = foundation->settings;
    const char *colon = strrchr(settings->admin_listen, ':');
    char path[1024];
    if (!foundation->postgres || !colon) return;
    snprintf(path, sizeof path, "%s/admin", settings->data);
    FILE *file = fopen(path, "we");
    if (!file) return; /* commands then need to be told */
    fprintf(file, "%.*s:%u\n", (int)(colon - settings->admin_listen), settings->admin_listen, port);
    fclose(file);
}

bool foundation_admin(const struct settings *settings, char *ret, size_t size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/admin", settings->data);
    FILE *file = fopen(path, "re");
    if (!file) return false;
    bool read = fgets(ret, (int)size, file) != NULL;
    fclose(file);
    if (read) ret[strcspn(ret, "\n")] = '\0';
    return read;
}

enum err_code foundation_maintain(struct foundation *foundation, struct err *err) {
    struct sources *sources = reload_sources(foundation->reload);
    enum err_code code = housekeeping_run(foundation->conninfo, sources->queries, err);
    sources_drop(sources);
    return code;
}

void foundation_quiet(struct foundation *foundation) {
    streams_free(foundation->streams);
    foundation->streams = NULL;
    hasher_free(foundation->hasher);
    foundation->hasher = NULL;
}

void foundation_close(struct foundation *foundation) {
    foundation_quiet(foundation);
    reload_free(foundation->reload);
    budget_free(foundation->budget);
    pool_close(foundation->pool);
    bus_free(foundation->bus);
    board_free(foundation->board);
    cache_free(foundation->cache);
    throttle_free(foundation->throttle);
    metrics_free(foundation->metrics);
    route_names_free(foundation->route_names);
    edges_free(foundation->edges);
    assets_free(foundation->assets);
    tokens_free(foundation->tokens);
    embedded_postgres_stop(foundation->postgres);
    *foundation = (struct foundation){0};
}
