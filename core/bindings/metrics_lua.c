/* metrics_lua.c -- raw.metrics: declaring metrics while scripts load, and counting in them.
 *
 * What is counted must not end what is counted: a label may be any text, number or boolean, and is cut where
 * it is too long. But a value that is no number, and labels that are too few or too many, are mistakes. */

#include "../services/metrics.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>

/* The list at `index` may be nil. The texts stay valid while it does. */
static void take_labels(lua_State *L, int index, struct metrics_form *form) {
    if (lua_isnoneornil(L, index)) return;
    luaL_checktype(L, index, LUA_TTABLE);
    size_t count = lua_rawlen(L, index);
    luaL_argcheck(L, count <= METRICS_LABELS, index, "at most 4 labels");
    for (size_t i = 0; i < count; i++) {
        luaL_argcheck(L, lua_rawgeti(L, index, (lua_Integer)i + 1) == LUA_TSTRING, index, "a list of names");
        form->labels[form->label_count++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
}

static void take_bounds(lua_State *L, int index, struct metrics_form *form) {
    if (lua_isnoneornil(L, index)) return;
    luaL_checktype(L, index, LUA_TTABLE);
    size_t count = lua_rawlen(L, index);
    luaL_argcheck(L, count <= METRICS_BOUNDS, index, "at most 16 bounds");
    for (size_t i = 0; i < count; i++) {
        luaL_argcheck(L, lua_rawgeti(L, index, (lua_Integer)i + 1) == LUA_TNUMBER, index,
                      "a list of numbers");
        form->bounds[form->bound_count++] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
}

/* declare(kind, name, help, labels, bounds) -> number, or nil, message, code */
static int l_declare(lua_State *L) {
    static const char *const kinds[] = {"counter", "gauge", "histogram", NULL};
    struct context *context = context_of(L);
    struct metrics_form form = {.kind = (enum metrics_kind)luaL_checkoption(L, 1, NULL, kinds),
                                .name = luaL_checkstring(L, 2),
                                .help = luaL_checkstring(L, 3)};
    struct err err = {0};
    unsigned number;
    if (context->running) return luaL_error(L, "metrics are declared while scripts load");
    take_labels(L, 4, &form);
    take_bounds(L, 5, &form);
    if (metrics_declare(context->services->metrics, &form, context->generation, &number, &err) != ERR_OK)
        return task_push_failure(L, &err);
    lua_pushinteger(L, number);
    return 1;
}

/* Raises at the script's line, which called the prelude's function that called us. */
static int misused(lua_State *L, const char *format, ...) {
    va_list args;
    luaL_where(L, 2);
    va_start(args, format);
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 2);
    return lua_error(L);
}

/* What is counted in: number, value, labels ... */
static const struct metrics_form *check_family(lua_State *L, unsigned *ret_number) {
    lua_Integer number = luaL_checkinteger(L, 1);
    struct context *context = context_of(L);
    const struct metrics_form *form = NULL;
    if (!context->running) misused(L, "metrics count what runs, not what loads");
    if (number >= 0 && number < METRICS_FAMILIES)
        form = metrics_form(context->services->metrics, (unsigned)number);
    if (!form) {
        misused(L, "there is no such metric");
        return NULL;
    }
    *ret_number = (unsigned)number;
    return form;
}

/* Numbers become text in place, as Lua writes them. */
static void check_values(lua_State *L, const struct metrics_form *form,
                         const char *values[METRICS_LABELS + 1]) {
    int given = lua_gettop(L) - 2;
    if (given != (int)form->label_count)
        misused(L, "%s: %d labels were given, and it has %d", form->name, given, (int)form->label_count);
    for (int i = 0; i < given; i++) {
        int type = lua_type(L, i + 3);
        if (type == LUA_TBOOLEAN)
            values[i] = lua_toboolean(L, i + 3) ? "true" : "false";
        else if (type == LUA_TSTRING || type == LUA_TNUMBER)
            values[i] = lua_tostring(L, i + 3);
        else
            misused(L, "%s: the label %s is a %s", form->name, form->labels[i], lua_typename(L, type));
    }
}

static double check_value(lua_State *L, const struct metrics_form *form) {
    int is_number;
    double value = lua_tonumberx(L, 2, &is_number);
    if (!is_number || !isfinite(value)) misused(L, "%s: the value is no number", form->name);
    if (form->kind == METRICS_COUNTER && value < 0) misused(L, "%s: a counter only rises", form->name);
    return value;
}

static int l_add(lua_State *L) {
    const char *values[METRICS_LABELS + 1];
    unsigned family;
    const struct metrics_form *form = check_family(L, &family);
    if (!form) return 0; /* it has raised */
    double value = check_value(L, form);
    check_values(L, form, values);
    metrics_add(context_of(L)->services->metrics_writer, family, values, value);
    return 0;
}

static int l_set(lua_State *L) {
    const char *values[METRICS_LABELS + 1];
    unsigned family;
    const struct metrics_form *form = check_family(L, &family);
    if (!form) return 0; /* it has raised */
    double value = check_value(L, form);
    check_values(L, form, values);
    if (form->kind != METRICS_GAUGE) return misused(L, "%s: only a gauge is set", form->name);
    metrics_set(context_of(L)->services->metrics_writer, family, values, value);
    return 0;
}

static const luaL_Reg functions[] = {{"declare", l_declare}, {"add", l_add}, {"set", l_set}, {NULL, NULL}};

int bindings_metrics(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
