/* pattern.c -- find, match, gmatch and gsub: ours say what Lua's own say, and end.
 *
 * An input is three lines and a rest: what is called (f m g s) with an init, or how many to replace; the
 * pattern; the replacement; the subject. */

#include "../../core/base/pattern.h"
#include "../../core/bindings/bindings.h"
#include "../unit/support/state.h"
#include "fuzz.h"

/* Lua's own matcher must end too: on short subjects, and with few ways to go. */
#define MAX_SUBJECT 48
#define MAX_PATTERN 64
#define MAX_WAYS    3 /* and where to begin: five ways take more than a million steps on forty bytes */

static const char check[] =
    "local patterns = ...\n"
    "local calls = { f = 'find', m = 'match', g = 'gmatch', s = 'gsub' }\n"
    "return function(head, pattern, replacement, subject)\n"
    "  local number = tonumber(head:match '^.(%-?%d%d?)$')\n"
    "  return patterns.difference { call = calls[head:sub(1, 1)] or 'find', init = number,\n"
    "    most = number, pattern = pattern, replacement = replacement, subject = subject,\n"
    "    kind = patterns.replacements[#head] or 'text' }\n"
    "end\n";

static lua_State *L;

/* Leaves the function above as the only value. */
static void open_state(void) {
    L = luaL_newstate();
    luaL_openlibs(L);
    REQUIRE(luaL_loadstring(L, check) == LUA_OK, "%s", lua_tostring(L, -1));
    REQUIRE(luaL_loadfile(L, "tests/unit/support/patterns.lua") == LUA_OK, "%s", lua_tostring(L, -1));
    lua_getglobal(L, "string");
    lua_newtable(L);
    bindings_string(L);
    lua_call(L, 2, 1);
    lua_call(L, 1, 1);
}

static bool harmless(const char *text) {
    size_t ways = 0;
    for (const char *at = text; *at; at++)
        ways += *at == '*' || *at == '+' || *at == '-' || *at == '?';
    return ways <= MAX_WAYS && strlen(text) <= MAX_PATTERN;
}

/* Any pattern at all on a subject at which it may fail in many ways. */
static void ends(const char *text, size_t len, const char *subject, size_t subject_len) {
    struct pattern pattern;
    struct err err;
    const char *s = subject, *e;
    struct pattern_node *nodes = malloc(pattern_room(len) * sizeof *nodes);
    REQUIRE(nodes, "memory");
    pattern_read(&pattern, nodes, text, len);
    pattern_subject(&pattern, subject, subject_len);
    pattern.most = pattern.look = 100000;
    if (pattern_search(&pattern, subject, &s, &e, &err) == ERR_OK)
        REQUIRE(subject <= s && s <= e && e <= subject + subject_len, "a match outside of the subject");
    REQUIRE(pattern.steps <= 100000 + 3 * subject_len + len, "%llu steps", (unsigned long long)pattern.steps);
    free(nodes);
}

static void compare(const char *head, const char *text, const char *replacement, const char *subject,
                    size_t len) {
    lua_pushvalue(L, 1);
    lua_pushstring(L, head);
    lua_pushstring(L, text);
    lua_pushstring(L, replacement);
    lua_pushlstring(L, subject, len);
    int status = lua_pcall(L, 4, 1, 0);
    REQUIRE(status == LUA_OK && lua_isnil(L, -1), "%s", luaL_tolstring(L, -1, NULL));
    lua_settop(L, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    if (!L) open_state();
    char *head = input_until(&input, '\n'), *text = input_until(&input, '\n');
    char *replacement = input_until(&input, '\n');
    size_t len = (size_t)(input.end - input.at);
    if (replacement) {
        char *subject = input_copy(input.at, len);
        ends(text, strlen(text), subject, len);
        if (harmless(text) && len <= MAX_SUBJECT) compare(head, text, replacement, subject, len);
        free(subject);
    }
    free(head);
    free(text);
    free(replacement);
    return 0;
}
