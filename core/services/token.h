#ifndef PLATEIA_SERVICES_TOKEN_H
#define PLATEIA_SERVICES_TOKEN_H

/* token.h -- signs and checks JWTs (HS256, RFC 7519). The only door to libjwt.
 *
 * Header bytes are exactly {"alg":"HS256","kid":"k1","typ":"JWT"} and are compared before anything is parsed,
 * which pins the algorithm and chooses the key; then the signature, so nothing is parsed that we did not
 * sign. Claims: sub (a positive integer as text), iss and aud "plateia", iat, exp. 30 s of skew. Constant
 * after tokens_new: any thread. */

#include "../base/buf.h"
#include "../base/err.h"
#include <stddef.h>
#include <stdint.h>

#define TOKEN_MAX_LEN    2048
#define TOKEN_MIN_SECRET 32

struct tokens;

struct claims {
    int64_t subject;
    int64_t issued_at, expires_at; /* seconds since 1970 */
    int64_t not_before;            /* not positive: none */
};

/* ERR_INVALID for a secret under 32 bytes. */
enum err_code tokens_new(struct tokens **ret, const char *secret, size_t len, int64_t lifetime_s,
                         struct err *err);
void tokens_free(struct tokens *tokens);
int64_t tokens_lifetime(const struct tokens *tokens);

enum err_code tokens_sign(const struct tokens *tokens, int64_t subject, int64_t now_s, struct buf *ret,
                          struct err *err);
/* ERR_DENIED with a sentence for the client ("the token has expired") when it is not good. `memory` spares
 * those who come again the work: of one thread and of these tokens alone; or NULL. */
struct token_memory;
enum err_code tokens_verify(const struct tokens *tokens, struct token_memory *memory, const char *token,
                            size_t len, int64_t now_s, struct claims *ret, struct err *err);

#endif
