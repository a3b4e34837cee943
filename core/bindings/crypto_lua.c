/* crypto_lua.c -- raw.crypto: random bytes and digests, as hex. */

#include "../services/crypto.h"
#include "bindings.h"
#include <lauxlib.h>

#define MAX_RANDOM 64

static int l_random(lua_State *L) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[MAX_RANDOM];
    char hex[2 * MAX_RANDOM];
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 1 && count <= MAX_RANDOM, 1, "1 to 64 bytes");
    crypto_random(bytes, (size_t)count);
    for (size_t i = 0; i < (size_t)count; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    lua_pushlstring(L, hex, 2 * (size_t)count);
    return 1;
}

static int l_sha256(lua_State *L) {
    size_t len;
    const char *bytes = luaL_checklstring(L, 1, &len);
    char hex[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(hex, bytes, len);
    lua_pushstring(L, hex);
    return 1;
}

static const luaL_Reg functions[] = {{"random", l_random}, {"sha256", l_sha256}, {NULL, NULL}};

int bindings_crypto(lua_State *L) {
    luaL_newlib(L, functions);
    return 1;
}
