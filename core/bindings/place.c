/* place.c -- a message's beginning is held against the names of all modules: failures are rare, modules few.
 */

#include "place.h"
#include "../base/buf.h"
#include "../services/snapshot.h"
#include "context.h"
#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#define SHORTENED "..." /* luaO_chunkid's mark */

int place_line(const struct module *module, const char *text) {
    const char *found = strstr(module->text, text);
    int line = 1;
    if (!found) return 0;
    if (*text == '\n') found++;
    for (const char *at = module->text; (at = memchr(at, '\n', (size_t)(found - at))); at++)
        line++;
    return line;
}

static bool is_line(const char *text) {
    return text[0] == ':' && isdigit((unsigned char)text[1]);
}

/* The module at whose name the text begins, in full or shortened; *rest is what follows the name. */
static const struct module *module_of(const struct snapshot *snapshot, const char *text, const char **rest) {
    const char *name = strncmp(text, SHORTENED, 3) == 0 ? text + 3 : NULL;
    const char *end = name ? strstr(name, ".lua:") : NULL;
    size_t tail = end ? (size_t)(end + 4 - name) : 0;
    for (size_t i = 0; i < snapshot_count(snapshot); i++) {
        const struct module *module = snapshot_at(snapshot, i);
        const char *file = module->chunk + 1;
        size_t len = strlen(file);
        bool whole = strncmp(text, file, len) == 0;
        bool shortened = tail > 0 && tail < len && memcmp(file + len - tail, name, tail) == 0;
        *rest = whole ? text + len : name ? name + tail : text;
        if ((whole || shortened) && is_line(*rest)) return module;
    }
    return NULL;
}

static int line_of_return(const struct module *module) {
    int line = place_line(module, "\nreturn");
    return line ? line : 1;
}

/* NULL for `own`: there is no module to speak of, and the text stays as it is. */
static void add_placed(struct buf *ret, const struct snapshot *snapshot, const struct module *own,
                       const char *text) {
    const char *rest = text;
    const struct module *named = module_of(snapshot, text, &rest);
    if (named)
        buf_addf(ret, "%s%s", named->chunk + 1, rest);
    else if (own)
        buf_addf(ret, "%s:%d: %s", own->chunk + 1, line_of_return(own), text);
    else
        buf_add_str(ret, text);
}

bool place_call(lua_State *L, const struct snapshot *snapshot, const struct module *module) {
    int status = lua_pcall(L, 1, 1, 0);
    if (status == LUA_OK) return true;
    if (status == LUA_ERRMEM) return false; /* as it is: who loads knows what it means */
    struct buf *scratch = &context_of(L)->scratch;
    if (lua_istable(L, -1))
        luaL_tolstring(L, -1, NULL); /* raised with a table: its name is all there is to say */
    if (lua_type(L, -1) == LUA_TSTRING) {
        buf_clear(scratch);
        add_placed(scratch, snapshot, module, lua_tostring(L, -1));
        if (!scratch->failed) lua_pushlstring(L, scratch->data, scratch->len);
    }
    return false;
}

void place_err(struct err *err, const struct snapshot *snapshot) {
    struct buf text = {0};
    if (!err) return;
    add_placed(&text, snapshot, snapshot_find(snapshot, "app"), err->text);
    if (!text.failed && text.len > 0) err_set(err, err->code, "%s", text.data);
    buf_done(&text);
}
