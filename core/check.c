/* check.c -- the least of services. Whatever waits (the database, hashing, background work) raises while
 * modules load, so nothing stands behind it here. */

#include "check.h"
#include "script/generation.h"
#include "services/bus.h"
#include "services/cache.h"
#include "services/crypto.h"
#include "services/settings.h"
#include "services/throttle.h"
#include "services/token.h"

#define CACHE_BYTES (1u << 20)

struct stand_ins {
    struct cache *cache;
    struct bus *bus;
    struct throttle *throttle;
    struct tokens *tokens;
};

static enum err_code open_stand_ins(struct stand_ins *ret, const struct settings *settings, struct err *err) {
    char secret[TOKEN_MIN_SECRET];
    enum err_code code;
    crypto_random(secret, sizeof secret);
    if ((code = cache_new(&ret->cache, CACHE_BYTES, err)) != ERR_OK) return code;
    if ((code = bus_new(&ret->bus, err)) != ERR_OK) return code;
    if ((code = throttle_new(&ret->throttle, err)) != ERR_OK) return code;
    return tokens_new(&ret->tokens, secret, sizeof secret, settings->jwt_lifetime_s, err);
}

static void close_stand_ins(struct stand_ins *all) {
    tokens_free(all->tokens);
    throttle_free(all->throttle);
    bus_free(all->bus);
    cache_free(all->cache);
}

enum err_code check_load(const struct settings *settings, const struct snapshot *snapshot,
                         const struct query_set *queries, struct err *err) {
    struct stand_ins all = {0};
    struct generation *generation = NULL;
    enum err_code code = open_stand_ins(&all, settings, err);
    struct services services = {.cache = all.cache,
                                .bus = all.bus,
                                .throttle = all.throttle,
                                .tokens = all.tokens,
                                .settings = settings};
    struct generation_parts parts = {.services = &services,
                                     .snapshot = snapshot,
                                     .queries = queries,
                                     .memory_limit = (size_t)settings->script_memory};
    if (code == ERR_OK) code = generation_new(&generation, &parts, err);
    generation_free(generation);
    close_stand_ins(&all);
    return code;
}
