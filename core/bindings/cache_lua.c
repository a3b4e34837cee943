/* cache_lua.c -- raw.cache: the process's one cache. Times are seconds on this side.
 *
 * get waits while another request makes what is asked for, so it has three answers: "hit" or "stale" with
 * value, age, time to live and whether it waited; "miss" with the ticket for put and whether there was an
 * older value; nil, message, "busy" when fill after fill brought nothing. Given a request's handle, it notes
 * there how long the answer stands that is made of a value which was found at once.
 *
 * raw.cache_due is for who renews: keys and tickets, in turn, each to be put or abandoned. */

#include "../base/clock.h"
#include "../base/mailbox.h"
#include "../exchange/counts.h"
#include "../exchange/request.h"
#include "../services/cache.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* Fills of others that an asker waits for, one after the other, before it is told to come back. */
#define MAX_WAITS 3

/* Fillings that one task may have begun and not ended, and the bytes of a key. */
#define MAX_FILLS 16
#define MAX_KEY   65536

static const struct err no_answer = {.code = ERR_BUSY,
                                     .text = "the answer could not be made; try again in a moment"};

/* ---- whoever fills ---- */

/* A fill that the task owes to the cache: however the task ends, the next asker learns of it. */
struct fill {
    struct holding holding; /* first */
    struct cache *cache;
    size_t key_len;
    char key[];
};

static void abandon(struct holding *holding) {
    struct fill *fill = (struct fill *)holding;
    cache_abandon(fill->cache, fill->key, fill->key_len);
    free(fill);
}

/* Without memory for it the cache itself waits CACHE_FILL_MS for us. */
static void owe(struct task *task, struct cache *cache, const char *key, size_t len) {
    struct fill *fill = task ? malloc(sizeof *fill + len) : NULL;
    if (!fill) return;
    *fill = (struct fill){.holding = {.give_back = abandon}, .cache = cache, .key_len = len};
    memcpy(fill->key, key, len);
    holding_add(task, &fill->holding);
}

static void settle(struct task *task, const char *key, size_t len) {
    struct holding *at = task ? task->holdings : NULL;
    for (; at; at = at->next) {
        struct fill *fill = (struct fill *)at;
        if (at->give_back != abandon || fill->key_len != len || memcmp(fill->key, key, len) != 0) continue;
        holding_remove(at);
        free(fill);
        return;
    }
}

static int count_fills(const struct task *task) {
    int count = 0;
    for (const struct holding *at = task ? task->holdings : NULL; at; at = at->next)
        if (at->give_back == abandon) count++;
    return count;
}

static void check_fills(lua_State *L, const struct task *task) {
    int count = count_fills(task);
    if (count >= MAX_FILLS)
        luaL_error(L, "a request fills the cache under %d keys, at most %d at a time", count + 1, MAX_FILLS);
}

static const char *check_key(lua_State *L, size_t *len) {
    const char *key = luaL_checklstring(L, 1, len);
    luaL_argcheck(L, *len <= MAX_KEY, 1, "a key has at most 64 KiB");
    return key;
}

/* ---- whoever waits ---- */

struct waiter {
    struct cache_waiter cache; /* first */
    struct mail mail;
    struct mailbox *mailbox;
    struct tasks *tasks;
    struct ticket who;
};

/* In the worker's own thread. */
static void on_mail(struct mail *mail, bool live) {
    struct waiter *waiter = (struct waiter *)((char *)mail - offsetof(struct waiter, mail));
    struct outcome outcome = {0};
    if (live) tasks_deliver(waiter->tasks, waiter->who, &outcome);
    free(waiter);
}

/* In the thread that ended the fill. */
static void on_wake(struct cache_waiter *cache_waiter, bool live) {
    struct waiter *waiter = (struct waiter *)cache_waiter;
    if (live)
        mailbox_post(waiter->mailbox, &waiter->mail);
    else
        free(waiter);
}

/* NULL where nothing can wait (while modules load), when it has waited often enough, or without memory. */
static struct waiter *waiter_new(const struct services *services, const struct task *task,
                                 lua_KContext waits) {
    struct waiter *waiter = task && waits < MAX_WAITS ? malloc(sizeof *waiter) : NULL;
    if (waiter)
        *waiter = (struct waiter){.cache = {.wake = on_wake, .home = services->mailbox},
                                  .mail = {.deliver = on_mail},
                                  .mailbox = services->mailbox,
                                  .tasks = services->tasks,
                                  .who = task->ticket};
    return waiter;
}

/* ---- asking ---- */

static int push_value(lua_State *L, const char *word, const struct cache_found *found, bool waited) {
    struct context *context = context_of(L);
    if (context->scratch.failed) return luaL_error(L, "out of memory");
    if (!waited && !lua_isnoneornil(L, 2)) bindings_request_of(L, 2)->answer.standing = found->standing;
    lua_pushstring(L, word);
    lua_pushlstring(L, context->scratch.len ? context->scratch.data : "", context->scratch.len);
    lua_pushnumber(L, (lua_Number)found->age_ms / 1000);
    lua_pushnumber(L, (lua_Number)found->ttl_ms / 1000);
    lua_pushboolean(L, waited);
    return 5;
}

/* Once for each asker: whoever waited for another's fill is no hit of its own. */
static void count(struct counts *counts, enum cache_result result, bool waited) {
    if (result == CACHE_MISS || (result == CACHE_WAIT && !waited))
        counts_cache(counts, COUNTS_MISS);
    else if (waited)
        counts_cache(counts, COUNTS_COALESCED);
    else
        counts_cache(counts, result == CACHE_HIT ? COUNTS_HIT : COUNTS_STALE);
}

static int push_miss(lua_State *L, struct task *task, const char *key, size_t len,
                     const struct cache_found *found) {
    owe(task, context_of(L)->services->cache, key, len);
    lua_pushliteral(L, "miss");
    lua_pushinteger(L, (lua_Integer)found->ticket);
    lua_pushboolean(L, found->known);
    return 3;
}

/* `waits` is how many fills it has waited for: several in a row that bring nothing are a failure. */
static int ask(lua_State *L, int status, lua_KContext waits) {
    struct context *context = context_of(L);
    struct task *task = context->running && context->running->co == L ? context->running : NULL;
    struct cache_found found = {0};
    size_t len;
    const char *key = check_key(L, &len);
    check_fills(L, task);
    struct waiter *waiter = waiter_new(context->services, task, waits);
    (void)status;
    buf_clear(&context->scratch);
    enum cache_result result = cache_get(context->services->cache, key, len, clock_ns(), &context->scratch,
                                         &found, waiter ? &waiter->cache : NULL);
    if (result == CACHE_WAIT && waiter) return lua_yieldk(L, 0, waits + 1, ask);
    if (task) count(context->services->counts, result, waits > 0);
    free(waiter);
    switch (result) {
    case CACHE_HIT: return push_value(L, "hit", &found, waits > 0);
    case CACHE_STALE: return push_value(L, "stale", &found, waits > 0);
    case CACHE_WAIT:
        if (waits > 0) return task_push_failure(L, &no_answer);
        break;
    case CACHE_MISS: break;
    }
    return push_miss(L, task, key, len, &found);
}

static int l_get(lua_State *L) {
    lua_settop(L, 2);
    return ask(L, LUA_OK, 0);
}

/* ---- filling ---- */

static int64_t seconds_field(lua_State *L, int table, const char *name) {
    lua_getfield(L, table, name);
    lua_Number seconds = luaL_optnumber(L, -1, 0);
    lua_pop(L, 1);
    if (!(seconds >= 0 && seconds <= 86400 * 366)) luaL_error(L, "%s: seconds, up to a year", name);
    return (int64_t)(seconds * 1000);
}

/* The tag texts stay valid while the rule's table stays on the stack. */
static size_t tags_field(lua_State *L, int table, const char *tags[CACHE_MAX_TAGS]) {
    size_t count = 0;
    if (lua_getfield(L, table, "tags") == LUA_TTABLE) {
        count = (size_t)luaL_len(L, -1);
        if (count > CACHE_MAX_TAGS) luaL_error(L, "an entry carries at most %d tags", CACHE_MAX_TAGS);
        for (size_t i = 0; i < count; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING) luaL_error(L, "a tag is text");
            tags[i] = lua_tostring(L, -1);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return count;
}

static bool flag_field(lua_State *L, int table, const char *name) {
    lua_getfield(L, table, name);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

static int l_put(lua_State *L) {
    size_t key_len, value_len;
    const char *tags[CACHE_MAX_TAGS];
    struct err err = {0};
    const char *key = check_key(L, &key_len), *value = luaL_checklstring(L, 2, &value_len);
    luaL_checktype(L, 3, LUA_TTABLE);
    uint64_t ticket = (uint64_t)luaL_checkinteger(L, 4);
    struct cache_rule rule = {.ttl_ms = seconds_field(L, 3, "ttl"),
                              .fresh_ms = seconds_field(L, 3, "fresh"),
                              .stale_ms = seconds_field(L, 3, "stale"),
                              .tags = tags,
                              .tag_count = tags_field(L, 3, tags),
                              .renew = flag_field(L, 3, "renew")};
    settle(context_of(L)->running, key, key_len);
    if (cache_put(context_of(L)->services->cache, key, key_len, value, value_len, &rule, ticket, clock_ns(),
                  &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int l_abandon(lua_State *L) {
    size_t len;
    const char *key = luaL_checklstring(L, 1, &len);
    settle(context_of(L)->running, key, len);
    cache_abandon(context_of(L)->services->cache, key, len);
    return 0;
}

/* More than a task may fill at a time wait for the next. */
static int l_due(lua_State *L) {
    struct context *context = context_of(L);
    struct task *task = context->running;
    size_t len;
    uint64_t ticket;
    const char *prefix = check_key(L, &len);
    if (!task) return luaL_error(L, "nothing is renewed while modules load");
    lua_newtable(L);
    for (lua_Integer i = 1; count_fills(task) < MAX_FILLS; i += 2) {
        buf_clear(&context->scratch);
        if (!cache_due(context->services->cache, prefix, len, clock_ns(), &context->scratch, &ticket)) break;
        owe(task, context->services->cache, context->scratch.data, context->scratch.len);
        lua_pushlstring(L, context->scratch.data, context->scratch.len);
        lua_rawseti(L, -2, i);
        lua_pushinteger(L, (lua_Integer)ticket);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int l_drop(lua_State *L) {
    cache_drop(context_of(L)->services->cache, luaL_checkstring(L, 1));
    return 0;
}

static const luaL_Reg functions[] = {
    {"get", l_get}, {"put", l_put}, {"abandon", l_abandon}, {"drop", l_drop}, {NULL, NULL}};

int bindings_cache_due(lua_State *L) {
    lua_pushcfunction(L, l_due);
    return 1;
}

int bindings_cache(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
