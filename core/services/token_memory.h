#ifndef PLATEIA_SERVICES_TOKEN_MEMORY_H
#define PLATEIA_SERVICES_TOKEN_MEMORY_H

/* token_memory.h -- tokens whose signature was found good, and what they claim.
 *
 * Bounded: a token has one place, by a hash that no stranger can foresee, and whoever comes to it later takes
 * it over. So neither a crowd nor an attack makes it grow, and comparing tells nothing about what others
 * hold. It knows nothing of time: whether the claims still hold is its asker's to judge. One thread. */

#include "token.h"
#include <stdbool.h>

#define TOKEN_MEMORY_COUNT   1024
#define TOKEN_MEMORY_MAX_LEN 256 /* ours have some 180 bytes; a longer one is checked each time */

struct token_memory;

enum err_code token_memory_new(struct token_memory **ret, struct err *err);
void token_memory_free(struct token_memory *memory);

bool token_memory_find(const struct token_memory *memory, const char *token, size_t len, struct claims *ret);
void token_memory_keep(struct token_memory *memory, const char *token, size_t len,
                       const struct claims *claims);

#endif
