/* generation.c -- builds a Lua state from a snapshot. All Lua work runs protected, so that a state that
 * reaches its memory limit while it loads is an error message and not an abort. */

#include "generation.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../bindings/place.h"
#include "../exchange/route_names.h"
#include "../services/settings.h"
#include "../services/snapshot.h"
#include "bounds.h"
#include "budget.h"
#include "sandbox.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IDLE 256

static void *count_memory(void *ud, void *block, size_t old, size_t size) {
    struct generation *generation = ud;
    size_t had = block ? old : 0, all = generation_memory(generation);
    if (size == 0) {
        free(block);
        meter_set(&generation->memory, all - had);
        return NULL;
    }
    if (size > had && all + (size - had) > generation->memory_limit) return NULL;
    void *moved = realloc(block, size);
    if (moved) meter_set(&generation->memory, all - had + size);
    return moved;
}

/* Every call into Lua is protected; what comes here is a fault of ours. */
static int panic(lua_State *L) {
    const char *text = lua_tostring(L, -1);
    log_event(LOG_ERROR, "unprotected error in Lua", log_text("error", text ? text : "(no text)"));
    return 0;
}

/* A field of the table at `index` as a registry reference; LUA_NOREF when it is nil. */
static int take_function(lua_State *L, int index, const char *name) {
    if (lua_getfield(L, index, name) == LUA_TNIL) {
        lua_pop(L, 1);
        return LUA_NOREF;
    }
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static const char *text_field(lua_State *L, int index, const char *name) {
    if (lua_getfield(L, index, name) != LUA_TSTRING) luaL_error(L, "a route without %s", name);
    return lua_tostring(L, -1);
}

/* Adds the route on the top of the stack. */
static void add_route(lua_State *L, struct generation *generation, int number) {
    struct err err = {0};
    int route = lua_gettop(L);
    const char *method = text_field(L, route, "method"), *path = text_field(L, route, "path");
    enum method known = method_from(method);
    if (known == METHOD_COUNT) luaL_error(L, "%s is no method of ours", method);
    if (router_add(generation->router, known, path, number, &err) != ERR_OK) {
        lua_getfield(L, route, "file_line");
        luaL_error(L, "%s: %s", luaL_optstring(L, -1, "route"), err.text);
    }
    generation->names[number] = route_names_number(generation->context.services->route_names, path);
    generation->runs[number] = take_function(L, route, "run");
    if (generation->runs[number] == LUA_NOREF) luaL_error(L, "%s %s has no run", method, path);
    lua_settop(L, route);
}

static void add_routes(lua_State *L, struct generation *generation) {
    if (lua_getfield(L, -1, "routes") != LUA_TTABLE) luaL_error(L, "app.lua: routes is a list");
    size_t count = lua_rawlen(L, -1);
    generation->runs = calloc(count + 1, sizeof *generation->runs);
    generation->names = calloc(count + 1, sizeof *generation->names);
    if (!generation->runs || !generation->names) {
        luaL_error(L, "out of memory");
        return;
    }
    generation->run_count = count;
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        add_route(L, generation, (int)i);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* A copy of a field's text; NULL where it is nil. */
static char *copy_field(lua_State *L, int index, const char *name) {
    char *copy = NULL;
    if (lua_getfield(L, index, name) != LUA_TNIL && !(copy = strdup(luaL_checkstring(L, -1))))
        luaL_error(L, "out of memory");
    lua_pop(L, 1);
    return copy;
}

/* Fills the plan from the table on the top of the stack; what it holds is freed with the generation. */
static void add_observer(lua_State *L, struct observer_plan *plan) {
    int observer = lua_gettop(L);
    plan->on = copy_field(L, observer, "on");
    plan->place = copy_field(L, observer, "place");
    lua_getfield(L, observer, "every");
    plan->every_ns = (int64_t)(luaL_optnumber(L, -1, 0) * (lua_Number)CLOCK_NS_PER_S);
    plan->function = take_function(L, observer, "run");
    lua_settop(L, observer);
}

static void add_observers(lua_State *L, struct generation *generation) {
    if (lua_getfield(L, -1, "observers") == LUA_TTABLE) {
        size_t count = lua_rawlen(L, -1);
        if (!(generation->plans = calloc(count + 1, sizeof *generation->plans))) {
            luaL_error(L, "out of memory");
            return;
        }
        for (size_t i = 0; i < count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            generation->plan_count++;
            add_observer(L, &generation->plans[i]);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static int build(lua_State *L) {
    struct generation *generation = lua_touserdata(L, 1);
    sandbox_open(L);
    sandbox_prelude(L, "plateia.boot");
    sandbox_require(L, "app");
    lua_call(L, 1, 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    add_routes(L, generation);
    add_observers(L, generation);
    generation->seed = take_function(L, lua_gettop(L), "seed");
    generation->import = take_function(L, lua_gettop(L), "import");
    generation->openapi = take_function(L, lua_gettop(L), "openapi");
    return 0;
}

static int add_trace(lua_State *L) {
    if (lua_type(L, 1) == LUA_TSTRING) return 1; /* file:line is in it; a loader's trace adds nothing */
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* A script that is over its bounds may have caught the error that told it so: what counts is the budget's
 * word.
 */
static enum err_code load(struct generation *generation, const struct generation_parts *parts,
                          struct err *err) {
    lua_State *L = generation->L;
    const char *chunk = NULL;
    budget_enter(parts->seat, L, parts->load_ns);
    int status = lua_pcall(L, 1, 0, 1);
    bool killed = budget_exit(parts->seat);
    const char *text = status == LUA_OK ? NULL : lua_tostring(L, -1);
    switch (bounds_judge(killed, status, text)) {
    case EXCESS_TIME:
        err_set(err, ERR_INVALID, "%s: loading takes longer than %lld ms", budget_place(parts->seat),
                (long long)(parts->load_ns / CLOCK_NS_PER_MS));
        place_err(err, parts->snapshot);
        return ERR_INVALID;
    case EXCESS_MEMORY:
        chunk = generation->context.loading;
        return err_set(err, ERR_INVALID,
                       "%s:1: loading needs more memory than a Lua state may hold, %zu bytes",
                       chunk ? chunk + 1 : "the prelude", generation->memory_limit);
    case EXCESS_STACK: /* like any other error */
    case EXCESS_NONE: break;
    }
    if (status == LUA_OK) return ERR_OK;
    enum err_code code = err_set(err, ERR_INVALID, "%s", text ? text : "the scripts failed to load");
    place_err(err, parts->snapshot);
    return code;
}

enum err_code generation_new(struct generation **ret, const struct generation_parts *parts, struct err *err) {
    enum err_code code;
    if (!snapshot_find(parts->snapshot, "app"))
        return err_set(err, ERR_INVALID, "%s/app.lua:1: the file is missing: it lists what is on",
                       parts->services->settings->scripts);
    struct generation *generation = calloc(1, sizeof *generation);
    if (!generation) return err_set(err, ERR_NO_MEMORY, "out of memory");
    generation->number = parts->number;
    generation->memory_limit = parts->memory_limit;
    generation->context = (struct context){.services = parts->services,
                                           .generation = parts->number,
                                           .snapshot = parts->snapshot,
                                           .compiled = parts->compiled,
                                           .queries = parts->queries,
                                           .decode = LUA_NOREF};
    if ((code = router_new(&generation->router, err)) != ERR_OK) goto out;
    if (!(generation->L = lua_newstate(count_memory, generation))) {
        code = err_set(err, ERR_NO_MEMORY, "out of memory");
        goto out;
    }
    lua_atpanic(generation->L, panic);
    *(struct context **)lua_getextraspace(generation->L) = &generation->context;
    lua_pushcfunction(generation->L, add_trace);
    lua_pushcfunction(generation->L, build);
    lua_pushlightuserdata(generation->L, generation);
    if ((code = load(generation, parts, err)) != ERR_OK) goto out;
    lua_settop(generation->L, 0);
    *ret = generation;
    return ERR_OK;
out:
    generation_free(generation);
    return code;
}

void generation_free(struct generation *generation) {
    if (!generation) return;
    while (generation->idle) {
        struct coroutine *coroutine = generation->idle;
        generation->idle = coroutine->next;
        free(coroutine);
    }
    if (generation->L) lua_close(generation->L);
    router_free(generation->router);
    buf_done(&generation->context.scratch);
    buf_done(&generation->context.written);
    arena_done(&generation->context.arena);
    free(generation->runs);
    free(generation->names);
    for (size_t i = 0; i < generation->plan_count; i++) {
        free(generation->plans[i].on);
        free(generation->plans[i].place);
    }
    free(generation->plans);
    free(generation);
}

enum err_code generation_describe(struct generation *generation, struct buf *ret, struct err *err) {
    lua_State *L = generation->L;
    size_t len;
    lua_rawgeti(L, LUA_REGISTRYINDEX, generation->openapi);
    int status = lua_pcall(L, 0, 1, 0);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
    enum err_code code = ERR_OK;
    if (status != LUA_OK || !text)
        code = err_set(err, ERR_INVALID, "%s", text ? text : "the API cannot be described");
    else
        buf_add(ret, text, len);
    lua_settop(L, 0);
    return code == ERR_OK && ret->failed ? err_set(err, ERR_NO_MEMORY, "out of memory") : code;
}

bool generation_over(const struct generation *generation) {
    return atomic_load_explicit(&generation->tasks, memory_order_relaxed) == 0 && generation->put_off == 0 &&
           generation->context.calls == 0 && !generation->collecting;
}

size_t generation_handlers(const struct generation *generation) {
    return generation->run_count + generation->plan_count;
}

static int make_thread(lua_State *L) {
    struct coroutine *coroutine = lua_touserdata(L, 1);
    coroutine->co = lua_newthread(L);
    coroutine->anchor = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static struct coroutine *new_coroutine(struct generation *generation) {
    struct coroutine *coroutine = calloc(1, sizeof *coroutine);
    if (!coroutine) return NULL;
    coroutine->generation = generation;
    coroutine->anchor = LUA_NOREF;
    lua_pushcfunction(generation->L, make_thread);
    lua_pushlightuserdata(generation->L, coroutine);
    if (lua_pcall(generation->L, 1, 0, 0) == LUA_OK) return coroutine;
    lua_settop(generation->L, 0);
    free(coroutine);
    return NULL;
}

struct coroutine *generation_coroutine(struct generation *generation) {
    struct coroutine *coroutine = generation->idle;
    if (!coroutine) return new_coroutine(generation);
    generation->idle = coroutine->next;
    generation->idle_count--;
    return coroutine;
}

void generation_give_back(struct generation *generation, struct coroutine *coroutine, bool spoilt) {
    if (spoilt || generation->idle_count >= MAX_IDLE) {
        luaL_unref(generation->L, LUA_REGISTRYINDEX, coroutine->anchor);
        free(coroutine);
        return;
    }
    lua_settop(coroutine->co, 0);
    coroutine->next = generation->idle;
    generation->idle = coroutine;
    generation->idle_count++;
}
