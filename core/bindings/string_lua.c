/* string_lua.c -- find, match, gmatch and gsub over our own matcher, in place of the standard library's. */

#include "../base/pattern.h"
#include "bindings.h"
#include "caps.h"
#include <lauxlib.h>
#include <string.h>

/* Patterns of fewer bytes are read into the C stack. */
#define SHORT_PATTERN 48

static int raise(lua_State *L, const struct err *err) {
    return luaL_error(L, "%s", err->text);
}

static bool stopped(void *ctx) {
    return caps_stopped(ctx);
}

/* Room for a pattern's nodes: `few`, or a userdata that is left on the stack. */
static struct pattern_node *room_for(lua_State *L, struct pattern_node *few, size_t len) {
    if (len < SHORT_PATTERN) return few;
    return lua_newuserdatauv(L, pattern_room(len) * sizeof(struct pattern_node), 0);
}

/* The offset that a script's `init` means. */
static size_t offset_of(lua_Integer init, size_t len) {
    if (init > 0) return (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)len) return 0;
    return len - (size_t)-init;
}

/* ---- captures ---- */

/* The text of capture i; NULL for a position, which is pushed. The whole match, from s to e, is the first
 * capture of a pattern that has none. */
static const char *capture_text(lua_State *L, const struct pattern *pattern, size_t i, const char *s,
                                const char *e, size_t *ret_len) {
    const struct pattern_capture *capture = &pattern->captures[i];
    if (i >= pattern->count) {
        if (i > 0) luaL_error(L, "invalid capture index %%%d", (int)i + 1);
        *ret_len = (size_t)(e - s);
        return s;
    }
    if (capture->len == PATTERN_OPEN) luaL_error(L, "unfinished capture");
    *ret_len = (size_t)capture->len;
    if (capture->len != PATTERN_POSITION) return capture->at;
    lua_pushinteger(L, capture->at - pattern->subject + 1);
    return NULL;
}

static void push_capture(lua_State *L, const struct pattern *pattern, size_t i, const char *s,
                         const char *e) {
    size_t len;
    const char *text = capture_text(L, pattern, i, s, e, &len);
    if (text) lua_pushlstring(L, text, len);
}

/* Pushes all captures; without any, the whole match where s is given. */
static int push_captures(lua_State *L, const struct pattern *pattern, const char *s, const char *e) {
    size_t count = pattern->count == 0 && s ? 1 : pattern->count;
    luaL_checkstack(L, (int)count, "too many captures");
    for (size_t i = 0; i < count; i++)
        push_capture(L, pattern, i, s, e);
    return (int)count;
}

/* ---- find and match ---- */

static int push_place(lua_State *L, const char *subject, const char *s, const char *e) {
    lua_pushinteger(L, s - subject + 1);
    lua_pushinteger(L, e - subject);
    return 2;
}

static int find_plain(lua_State *L, const char *subject, size_t len, size_t from, const char *text,
                      size_t text_len) {
    const char *s = pattern_plain(subject + from, len - from, text, text_len);
    if (s) return push_place(L, subject, s, s + text_len);
    luaL_pushfail(L);
    return 1;
}

static int find(lua_State *L, bool place) {
    struct pattern_node few[SHORT_PATTERN];
    struct pattern pattern;
    struct err err;
    size_t len, text_len;
    const char *subject = luaL_checklstring(L, 1, &len), *text = luaL_checklstring(L, 2, &text_len), *s, *e;
    size_t from = offset_of(luaL_optinteger(L, 3, 1), len);
    if (from > len) {
        luaL_pushfail(L);
        return 1;
    }
    if (place && (lua_toboolean(L, 4) || pattern_is_plain(text, text_len)))
        return find_plain(L, subject, len, from, text, text_len);
    size_t anchored = *text == '^' && text_len > 0;
    pattern_read(&pattern, room_for(L, few, text_len), text + anchored, text_len - anchored);
    pattern_subject(&pattern, subject, len);
    pattern_ask(&pattern, stopped, L);
    s = subject + from;
    enum err_code code =
        anchored ? pattern_match(&pattern, s, &e, &err) : pattern_search(&pattern, s, &s, &e, &err);
    if (code == ERR_NOT_FOUND) {
        luaL_pushfail(L);
        return 1;
    }
    if (code != ERR_OK) return raise(L, &err);
    if (!place) return push_captures(L, &pattern, s, e);
    return push_place(L, subject, s, e) + push_captures(L, &pattern, NULL, NULL);
}

static int l_find(lua_State *L) {
    return find(L, true);
}

static int l_match(lua_State *L) {
    return find(L, false);
}

/* ---- gmatch ---- */

/* The iterator's state: a userdata, upvalue 3 behind the two strings. */
struct walker {
    struct pattern pattern;
    const char *at; /* NULL: it has ended */
    struct pattern_node nodes[];
};

static int next_match(lua_State *L) {
    struct walker *walker = lua_touserdata(L, lua_upvalueindex(3));
    const char *s, *e;
    struct err err;
    if (!walker->at) return 0;
    pattern_ask(&walker->pattern, stopped, L);
    enum err_code code = pattern_search(&walker->pattern, walker->at, &s, &e, &err);
    if (code == ERR_OK) {
        walker->at = walker->pattern.last = e;
        return push_captures(L, &walker->pattern, s, e);
    }
    walker->at = NULL;
    return code == ERR_NOT_FOUND ? 0 : raise(L, &err);
}

static int l_gmatch(lua_State *L) {
    size_t len, text_len;
    const char *subject = luaL_checklstring(L, 1, &len), *text = luaL_checklstring(L, 2, &text_len);
    size_t from = offset_of(luaL_optinteger(L, 3, 1), len);
    lua_settop(L, 2);
    struct walker *walker =
        lua_newuserdatauv(L, sizeof *walker + pattern_room(text_len) * sizeof(struct pattern_node), 0);
    pattern_read(&walker->pattern, walker->nodes, text, text_len);
    pattern_subject(&walker->pattern, subject, len);
    walker->at = from > len ? NULL : subject + from;
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

/* ---- gsub ---- */

struct replacing {
    struct pattern pattern;
    luaL_Buffer out;
    const char *text, *text_end; /* the replacement where it is a text */
    const char *kept;            /* the subject up to here is in `out` */
};

static void add(lua_State *L, luaL_Buffer *out, const char *bytes, size_t len) {
    caps_text(L, "string.gsub", luaL_bufflen(out), len);
    luaL_addlstring(out, bytes, len);
}

/* Adds the value on the top, a string or a number, and pops it. */
static void add_value(lua_State *L, luaL_Buffer *out) {
    size_t len;
    lua_tolstring(L, -1, &len);
    caps_text(L, "string.gsub", luaL_bufflen(out), len);
    luaL_addvalue(out);
}

/* Adds what %c stands for in a replacement. */
static void add_escape(lua_State *L, struct replacing *work, char c, const char *s, const char *e) {
    size_t len;
    if (c == '%') {
        add(L, &work->out, "%", 1);
    } else if (c == '0') {
        add(L, &work->out, s, (size_t)(e - s));
    } else if (c > '0' && c <= '9') {
        const char *text = capture_text(L, &work->pattern, (size_t)(c - '1'), s, e, &len);
        if (text)
            add(L, &work->out, text, len);
        else
            add_value(L, &work->out);
    } else {
        luaL_error(L, "invalid use of '%%' in replacement string");
    }
}

/* An escape takes as long as so many steps of a search. */
#define STEPS_PER_ESCAPE 8

/* What a replacement's escapes stand for may be nothing, so the result's size does not bound them. */
static bool add_text(lua_State *L, struct replacing *work, const char *s, const char *e) {
    const char *at = work->text, *end = work->text_end, *escape;
    struct err err;
    while ((escape = memchr(at, '%', (size_t)(end - at)))) {
        if (pattern_spend(&work->pattern, STEPS_PER_ESCAPE, &err) != ERR_OK) raise(L, &err);
        add(L, &work->out, at, (size_t)(escape - at));
        add_escape(L, work, escape + 1 < end ? escape[1] : '\0', s, e);
        at = escape + 2;
    }
    add(L, &work->out, at, (size_t)(end - at));
    return true;
}

/* Asks a table or a function; false where it leaves the match as it is. */
static bool add_answer(lua_State *L, struct replacing *work, const char *s, const char *e) {
    if (lua_istable(L, 3)) {
        push_capture(L, &work->pattern, 0, s, e);
        lua_gettable(L, 3);
    } else {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, &work->pattern, s, e), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    add_value(L, &work->out);
    return true;
}

/* Replaces the match from s to e; false where it stays. */
static bool replace(lua_State *L, struct replacing *work, const char *s, const char *e) {
    add(L, &work->out, work->kept, (size_t)(s - work->kept));
    work->kept = s;
    if (!(work->text ? add_text(L, work, s, e) : add_answer(L, work, s, e))) return false;
    work->kept = e;
    return true;
}

/* Replaces at most `most` matches; returns how many there were, and tells whether one changed. */
static lua_Integer replace_all(lua_State *L, struct replacing *work, bool anchored, lua_Integer most,
                               bool *changed) {
    struct pattern *pattern = &work->pattern;
    const char *at = pattern->subject, *s = at, *e;
    lua_Integer count = 0;
    struct err err;
    while (count < most) {
        enum err_code code =
            anchored ? pattern_match(pattern, at, &e, &err) : pattern_search(pattern, at, &s, &e, &err);
        if (code == ERR_NOT_FOUND) break;
        if (code != ERR_OK) return raise(L, &err);
        count++;
        if (replace(L, work, s, e)) *changed = true;
        at = pattern->last = e;
        if (anchored) break;
    }
    return count;
}

/* Reads a replacement's text where it is one. */
static void read_replacement(lua_State *L, struct replacing *work) {
    int type = lua_type(L, 3);
    size_t len = 0;
    bool is_text = type == LUA_TSTRING || type == LUA_TNUMBER;
    luaL_argexpected(L, is_text || type == LUA_TTABLE || type == LUA_TFUNCTION, 3, "string/function/table");
    work->text = is_text ? lua_tolstring(L, 3, &len) : NULL;
    work->text_end = is_text ? work->text + len : NULL;
}

static int l_gsub(lua_State *L) {
    struct pattern_node few[SHORT_PATTERN];
    struct replacing work;
    size_t len, text_len;
    const char *subject = luaL_checklstring(L, 1, &len), *text = luaL_checklstring(L, 2, &text_len);
    read_replacement(L, &work);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1);
    size_t anchored = *text == '^' && text_len > 0;
    bool changed = false;
    pattern_read(&work.pattern, room_for(L, few, text_len), text + anchored, text_len - anchored);
    pattern_subject(&work.pattern, subject, len);
    pattern_ask(&work.pattern, stopped, L);
    work.kept = subject;
    luaL_buffinit(L, &work.out);
    lua_Integer count = replace_all(L, &work, anchored, most, &changed);
    if (changed) {
        add(L, &work.out, work.kept, (size_t)(subject + len - work.kept));
        luaL_pushresult(&work.out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

static const luaL_Reg functions[] = {
    {"find", l_find}, {"match", l_match}, {"gmatch", l_gmatch}, {"gsub", l_gsub}, {NULL, NULL}};

void bindings_string(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
}
