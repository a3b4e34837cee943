/* json.c -- the gate and the decoder behind it: what is let through never raises, can be written again, and
 * is the same when it is read once more. */

#include "../../core/base/text.h"
#include "../../core/bindings/bindings.h"
#include "../unit/support/state.h"
#include "fuzz.h"

static const char check[] =
    "local json = ...\n"
    "local function same(a, b)\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end\n"
    "  for key, value in pairs(a) do if not same(value, b[key]) then return false end end\n"
    "  for key in pairs(b) do if a[key] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "return function(text)\n"
    "  local value, why, code = json.decode(text)\n"
    "  if value == nil then assert(#why > 3 and code == 'invalid') return false end\n"
    "  local written = json.encode(value)\n"
    "  local again = json.decode(written)\n"
    "  assert(again ~= nil and same(value, again), written)\n"
    "  return true\n"
    "end\n";

static struct context context;
static lua_State *L;

static void open_state(void) {
    L = state_new(&context);
    luaL_openlibs(L);
    REQUIRE(luaL_loadstring(L, check) == LUA_OK, "%s", lua_tostring(L, -1));
    bindings_json(L);
    lua_call(L, 1, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!L) open_state();
    char *text = input_copy((const char *)data, size);
    const char *problem = text_json_problem(text, size, 32);
    lua_pushvalue(L, 1);
    lua_pushlstring(L, text, size);
    int status = lua_pcall(L, 1, 1, 0);
    REQUIRE(status == LUA_OK, "%s", lua_tostring(L, -1));
    REQUIRE(!problem || !lua_toboolean(L, -1), "it was read though the gate said: %s", problem);
    lua_settop(L, 1);
    free(text);
    return 0;
}
