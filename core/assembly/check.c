/* check.c -- the least of services. Whatever waits (the database, hashing, background work) raises while
 * modules load, so nothing stands behind it here. */

#include "check.h"
#include "../base/clock.h"
#include "../script/budget.h"
#include "../script/edition.h"
#include "../script/generation.h"
#include "../script/sources.h"
#include "../services/bus.h"
#include "../services/cache.h"
#include "../services/crypto.h"
#include "../services/metrics.h"
#include "../services/settings.h"
#include "../services/throttle.h"
#include "../services/token.h"
#include <stdio.h>

#define CACHE_BYTES (1u << 20)

struct stand_ins {
    struct cache *cache;
    struct bus *bus;
    struct throttle *throttle;
    struct metrics *metrics;
    struct tokens *tokens;
};

static enum err_code open_stand_ins(struct stand_ins *ret, const struct settings *settings, struct err *err) {
    char secret[TOKEN_MIN_SECRET];
    enum err_code code;
    crypto_random(secret, sizeof secret);
    if ((code = cache_new(&ret->cache, CACHE_BYTES, err)) != ERR_OK) return code;
    if ((code = bus_new(&ret->bus, err)) != ERR_OK) return code;
    if ((code = throttle_new(&ret->throttle, err)) != ERR_OK) return code;
    if ((code = metrics_new(&ret->metrics, 0, err)) != ERR_OK) return code;
    return tokens_new(&ret->tokens, secret, sizeof secret, settings->jwt_lifetime_s, err);
}

static void close_stand_ins(struct stand_ins *all) {
    tokens_free(all->tokens);
    throttle_free(all->throttle);
    metrics_free(all->metrics);
    bus_free(all->bus);
    cache_free(all->cache);
}

/* An edition for one, within the bounds of a reload. `what` is described; NULL: nothing. */
static enum err_code load(const struct services *services, struct sources *sources, const char *what,
                          struct buf *description, struct err *err) {
    const struct settings *settings = services->settings;
    struct edition *edition = NULL;
    struct budget *budget = NULL;
    struct edition_parts parts = {.sources = sources,
                                  .services = &services,
                                  .count = 1,
                                  .memory_limit = (size_t)settings->script_memory,
                                  .load_ns = settings->script_load_ms * CLOCK_NS_PER_MS,
                                  .rest_ns = CLOCK_NS_PER_S};
    enum err_code code = budget_new(&budget, err);
    if (code == ERR_OK) code = budget_sit(&parts.seat, budget, err);
    if (code == ERR_OK) code = edition_new(&edition, &parts, err);
    if (code == ERR_OK && what) code = generation_describe(edition->generations[0], what, description, err);
    edition_free(edition);
    budget_leave(parts.seat);
    budget_free(budget);
    return code;
}

static enum err_code load_alone(const struct settings *settings, struct sources *sources, const char *what,
                                struct buf *description, struct err *err) {
    struct stand_ins all = {0};
    enum err_code code = open_stand_ins(&all, settings, err);
    struct services services = {.cache = all.cache,
                                .bus = all.bus,
                                .throttle = all.throttle,
                                .metrics = all.metrics,
                                .tokens = all.tokens,
                                .settings = settings};
    if (code == ERR_OK) code = load(&services, sources, what, description, err);
    close_stand_ins(&all);
    return code;
}

enum err_code check_load(const struct settings *settings, struct sources *sources, struct err *err) {
    return load_alone(settings, sources, NULL, NULL, err);
}

enum err_code check_describe(const struct settings *settings, const char *what, struct buf *ret,
                             struct err *err) {
    struct sources *sources = NULL;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/queries", settings->sql);
    enum err_code code = sources_read(&sources, settings->scripts, folder, NULL, err);
    if (code == ERR_OK) code = load_alone(settings, sources, what, ret, err);
    sources_drop(sources);
    return code;
}
