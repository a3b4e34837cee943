/* sandbox.c -- builds the two circles.
 *
 * Freezing is done by views: an empty table whose metatable reads from the real one and refuses writing. The
 * real tables are reachable from no script, so nothing that one script does can change a library under
 * another. */

#include "sandbox.h"
#include "../bindings/bindings.h"
#include "../bindings/context.h"
#include "../bindings/place.h"
#include "../services/snapshot.h"
#include "compiled.h"
#include "prelude.h"
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <string.h>

#define LOADED      "plateia.loaded"      /* prelude: name -> module */
#define SCRIPTS     "plateia.scripts"     /* scripts: name -> module; false while it loads */
#define VIEWS       "plateia.views"       /* prelude modules as scripts see them */
#define ENVIRONMENT "plateia.environment" /* the scripts' _ENV */

/* What scripts may require of the prelude. */
static const char *const public_modules[] = {
    "all",     "background", "bundle", "bus",      "cache",  "channels", "clock", "crypto",
    "db",      "depend",     "fail",   "field",    "json",   "jwt",      "log",   "metrics",
    "openapi", "password",   "route",  "settings", "stream", "throttle", NULL};

static const char *const base_names[] = {"assert", "error",  "getmetatable", "ipairs",   "next", "pairs",
                                         "pcall",  "select", "tonumber",     "tostring", "type", "_VERSION",
                                         NULL};
static const char *const math_names[] = {"abs",        "ceil",      "cos",  "deg", "exp",        "floor",
                                         "fmod",       "huge",      "log",  "max", "maxinteger", "min",
                                         "mininteger", "modf",      "pi",   "rad", "sin",        "sqrt",
                                         "tan",        "tointeger", "type", "ult", NULL};
static const char *const os_names[] = {"clock", "date", "time", NULL};
static const char *const string_names[] = {"byte",    "char",  "find",   "format", "gmatch",   "gsub",
                                           "len",     "lower", "match",  "pack",   "packsize", "rep",
                                           "reverse", "sub",   "unpack", "upper",  NULL};
static const char *const table_names[] = {"concat", "insert", "move",   "pack",
                                          "remove", "sort",   "unpack", NULL};
static const char *const utf8_names[] = {"char", "charpattern", "codepoint", "codes", "len", "offset", NULL};

/* ---- views ---- */

static int refuse_write(lua_State *L) {
    return luaL_error(L, "\"%s\" cannot be set here: use a local, or a field of a table of your own",
                      luaL_tolstring(L, 2, NULL));
}

/* Most likely a misspelt name: nil in its place would come to light somewhere else. */
static int refuse_read(lua_State *L) {
    return luaL_error(L, "there is no \"%s\" here: a local is declared first, a module is required",
                      luaL_tolstring(L, 2, NULL));
}

/* Reading what the table on the top does not have raises. */
static void close_table(lua_State *L) {
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, refuse_read);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* Replaces the table on the top by a read-only view of it. */
static void freeze(lua_State *L) {
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_rotate(L, -3, -1); /* view, meta, table */
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* Pushes a new table with the named fields of the table at `from`. */
static void copy_fields(lua_State *L, int from, const char *const *names) {
    lua_newtable(L);
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, -2, *names);
    }
}

/* ---- functions of our own in the scripts' base ---- */

/* A finaliser would run at any allocation, outside every budget. */
static int safe_setmetatable(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    lua_settop(L, 2);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "scripts cannot set __gc: use a <close> variable");
        lua_settop(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

/* ---- require ---- */

static const struct prelude_file *find_prelude(const char *name) {
    if (strncmp(name, "plateia.", 8) != 0) return NULL;
    for (const struct prelude_file *file = prelude_files; file->name; file++)
        if (strcmp(file->name, name + 8) == 0) return file;
    return NULL;
}

void sandbox_prelude(lua_State *L, const char *name) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LOADED);
    if (lua_getfield(L, -1, name) == LUA_TNIL) {
        const struct prelude_file *file = find_prelude(name);
        if (!file) {
            luaL_error(L, "there is no module \"%s\"", name);
            return;
        }
        lua_pop(L, 1);
        compiled_push_prelude(L, context_of(L)->compiled, file);
        lua_call(L, 0, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
}

/* `test` is there in a run of specs alone. */
static bool is_public(lua_State *L, const char *name) {
    if (context_of(L)->trial && strcmp(name, "test") == 0) return true;
    for (const char *const *module = public_modules; *module; module++)
        if (strcmp(*module, name) == 0) return true;
    return false;
}

static void push_view(lua_State *L, const char *name) {
    if (!is_public(L, name + 8)) luaL_error(L, "there is no module \"%s\"", name);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, VIEWS);
    if (lua_getfield(L, -1, name) == LUA_TNIL) {
        lua_pop(L, 1);
        sandbox_prelude(L, name);
        if (lua_istable(L, -1)) freeze(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
}

static const struct module *find_module(lua_State *L, const char *name) {
    const struct module *module = snapshot_find(context_of(L)->snapshot, name);
    if (!module) luaL_error(L, "there is no module \"%s\" in the script folder", name);
    return module;
}

/* Loads and runs a script's file; leaves what it returns or, when false, why it could not. */
static bool run_module(lua_State *L, const char *name, const struct module *module) {
    struct context *context = context_of(L);
    const char *loading = context->loading;
    context->loading = module->chunk;
    compiled_push(L, context->compiled, module);
    lua_getfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
    lua_setupvalue(L, -2, 1);
    lua_pushstring(L, name);
    if (!place_call(L, context->snapshot, module)) return false;
    context->loading = loading;
    if (lua_isnil(L, -1)) {
        lua_pushfstring(L, "%s:1: the file returns nothing: it ends with `return` and what it declares",
                        module->chunk + 1);
        return false;
    }
    return true;
}

void sandbox_require(lua_State *L, const char *name) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SCRIPTS);
    int scripts = lua_gettop(L);
    int type = lua_getfield(L, scripts, name);
    if (type == LUA_TBOOLEAN)
        luaL_error(L, "module \"%s\" requires itself, directly or through others", name);
    if (type == LUA_TNIL) {
        const struct module *module = find_module(L, name);
        lua_pop(L, 1);
        lua_pushboolean(L, 0);
        lua_setfield(L, scripts, name);
        if (!run_module(L, name, module)) {
            lua_pushnil(L); /* it does not load any more: whoever asks next may try */
            lua_setfield(L, scripts, name);
            lua_error(L);
        }
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
}

/* The prelude's own require: `all` loads scripts by name. */
static int prelude_require(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    if (strncmp(name, "plateia.", 8) == 0)
        sandbox_prelude(L, name);
    else
        sandbox_require(L, name);
    return 1;
}

bool sandbox_chunk(lua_State *L, const char *text, size_t len, const char *chunk) {
    if (luaL_loadbufferx(L, text, len, chunk, "t") != LUA_OK) {
        lua_remove(L, -2);
        return false;
    }
    lua_insert(L, -2);
    lua_createtable(L, 0, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_setupvalue(L, -2, 1);
    return true;
}

static int script_require(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    if (strncmp(name, "plateia.", 8) == 0)
        push_view(L, name);
    else
        sandbox_require(L, name);
    return 1;
}

/* ---- building ---- */

/* What is the clients' text reaches the prelude too, so both circles get our own string and table functions:
 * the tables themselves are changed, and with them the methods of strings. */
static void guard_libraries(lua_State *L) {
    lua_getglobal(L, "string");
    bindings_string(L);
    bindings_text(L);
    lua_getglobal(L, "table");
    bindings_table(L);
    lua_getglobal(L, "os");
    bindings_os(L);
    lua_pop(L, 3);
}

static void open_libraries(lua_State *L) {
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},       {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_OSLIBNAME, luaopen_os},     {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
                                         {LUA_DBLIBNAME, luaopen_debug},  {NULL, NULL}};
    for (const luaL_Reg *library = libraries; library->func; library++) {
        luaL_requiref(L, library->name, library->func, 1);
        lua_pop(L, 1);
    }
    guard_libraries(L);
    lua_register(L, "require", prelude_require);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LOADED);
    bindings_open(L);
    lua_setfield(L, -2, "plateia.raw");
    lua_pop(L, 1);
}

/* Puts a frozen copy of a library into the table on the top. */
static void add_library(lua_State *L, const char *name, const char *const *names) {
    lua_getglobal(L, name);
    copy_fields(L, lua_gettop(L), names);
    lua_remove(L, -2);
    freeze(L);
    lua_setfield(L, -2, name);
}

/* ("x"):rep(2) finds its methods here, and getmetatable("") finds nothing. */
static void guard_strings(lua_State *L) {
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getglobal(L, "string");
    copy_fields(L, lua_gettop(L), string_names);
    lua_setfield(L, -3, "__index");
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

static void open_environment(lua_State *L) {
    static const luaL_Reg own[] = {{"setmetatable", safe_setmetatable},
                                   {"print", bindings_print},
                                   {"require", script_require},
                                   {NULL, NULL}};
    lua_pushglobaltable(L);
    copy_fields(L, lua_gettop(L), base_names);
    lua_remove(L, -2);
    luaL_setfuncs(L, own, 0);
    add_library(L, "math", math_names);
    add_library(L, "os", os_names);
    add_library(L, "string", string_names);
    add_library(L, "table", table_names);
    add_library(L, "utf8", utf8_names);
    close_table(L);
    freeze(L);
    lua_setfield(L, LUA_REGISTRYINDEX, ENVIRONMENT);
}

void sandbox_open(lua_State *L) {
    luaL_checkstack(L, 16, NULL);
    open_libraries(L);
    open_environment(L);
    guard_strings(L);
}
