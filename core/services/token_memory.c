/* token_memory.c -- a table of places that is never searched: a token is in its own or nowhere. */

#include "token_memory.h"
#include "crypto.h"
#include <stdlib.h>
#include <string.h>

struct place {
    struct claims claims;
    size_t len; /* 0: empty */
    char token[TOKEN_MEMORY_MAX_LEN];
};

struct token_memory {
    unsigned char key[CRYPTO_SHORT_KEY];
    struct place places[TOKEN_MEMORY_COUNT];
};

enum err_code token_memory_new(struct token_memory **ret, struct err *err) {
    struct token_memory *memory = calloc(1, sizeof *memory); /* pages that nobody needs are not there */
    if (!memory) return err_set(err, ERR_NO_MEMORY, "out of memory");
    crypto_random(memory->key, sizeof memory->key);
    *ret = memory;
    return ERR_OK;
}

void token_memory_free(struct token_memory *memory) {
    if (!memory) return;
    crypto_wipe(memory, sizeof *memory);
    free(memory);
}

static size_t place_of(const struct token_memory *memory, const char *token, size_t len) {
    return crypto_short_hash(memory->key, token, len) % TOKEN_MEMORY_COUNT;
}

bool token_memory_find(const struct token_memory *memory, const char *token, size_t len, struct claims *ret) {
    if (len == 0 || len > TOKEN_MEMORY_MAX_LEN) return false;
    const struct place *place = &memory->places[place_of(memory, token, len)];
    if (place->len != len || memcmp(place->token, token, len) != 0) return false;
    *ret = place->claims;
    return true;
}

void token_memory_keep(struct token_memory *memory, const char *token, size_t len,
                       const struct claims *claims) {
    if (len > TOKEN_MEMORY_MAX_LEN) return;
    struct place *place = &memory->places[place_of(memory, token, len)];
    place->claims = *claims;
    place->len = len;
    memcpy(place->token, token, len);
}
