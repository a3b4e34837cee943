/* percent.c -- percent escapes and forms: what comes out is UTF-8 without NUL, and escaped again it is
 * itself. */

#include "../../core/base/arena.h"
#include "../../core/base/buf.h"
#include "../../core/base/text.h"
#include "../../core/bindings/bindings.h"
#include "../unit/support/state.h"
#include "fuzz.h"

static struct context context;
static lua_State *L;

static void decode(const char *bytes, size_t size, bool plus) {
    struct arena arena = {0};
    struct buf escaped = {0};
    size_t len, again_len;
    char *text = text_percent_decode(&arena, bytes, size, plus, &len);
    if (text) {
        REQUIRE(len <= size && strlen(text) == len, "%zu bytes of %zu", len, size);
        REQUIRE(text_is_utf8(text, len), "not UTF-8");
        for (size_t i = 0; i < len; i++)
            buf_addf(&escaped, "%%%02X", (unsigned char)text[i]);
        char *again =
            text_percent_decode(&arena, escaped.len ? escaped.data : "", escaped.len, plus, &again_len);
        REQUIRE(again && again_len == len && memcmp(again, text, len) == 0, "\"%s\" is not itself again",
                text);
    }
    buf_done(&escaped);
    arena_done(&arena);
}

static void check_pairs(void) {
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        size_t len;
        const char *value = lua_tolstring(L, -1, &len);
        REQUIRE(text_is_utf8(value, len), "a value is not UTF-8");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!L) L = state_new(&context);
    char *text = input_copy((const char *)data, size);
    decode(text, size, false);
    decode(text, size, true);
    lua_settop(L, 0);
    bindings_form(L);
    lua_pushlstring(L, text, size);
    int status = lua_pcall(L, 1, 1, 0);
    REQUIRE(status == LUA_OK, "%s", lua_tostring(L, -1));
    if (lua_istable(L, 1)) check_pairs();
    free(text);
    return 0;
}
