/* token.c -- JWTs through libjwt, which signs them, and reads those that are proved to be ours.
 *
 * libjwt takes the algorithm from the token itself, copies tokens to the stack whatever their length, and
 * parses before it has checked. So a token reaches it only when it is short, has the right alphabet and three
 * parts, its first part is the very header that we write (that leaves one algorithm and one key), and the
 * signature is right. That is checked here, in half the time that libjwt takes for it; libjwt is then
 * given no key, which is its word for "only read it". Nothing about an unverified token is told to its bearer
 * but that it is not ours.
 *
 * Most tokens are those that libjwt wrote for us, and these are all of one form: claims in that form are read
 * by comparing, in a tenth of the time. Whoever else has the secret may write them in any other. */

#include "token.h"
#include "crypto.h"
#include "token_memory.h"
#include <errno.h>
#include <jansson.h>
#include <jwt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ISSUER   "plateia"
#define AUDIENCE "plateia"
#define KEY_NAME "k1"
#define SKEW_S   30
/* {"alg":"HS256","kid":"k1","typ":"JWT"} in base64url, and the dot behind it */
#define HEADER     "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0."
#define HEADER_LEN (sizeof HEADER - 1)
#define MAX_SECRET 4096

struct tokens {
    int64_t lifetime_s;
    struct crypto_mac mac;
    int secret_len;
    unsigned char secret[];
};

static int add_claims(jwt_t *jwt, const struct claims *claims) {
    char subject[24];
    snprintf(subject, sizeof subject, "%lld", (long long)claims->subject);
    int failed = jwt_add_header(jwt, "kid", KEY_NAME);
    if (!failed) failed = jwt_add_grant(jwt, "iss", ISSUER);
    if (!failed) failed = jwt_add_grant(jwt, "aud", AUDIENCE);
    if (!failed) failed = jwt_add_grant(jwt, "sub", subject);
    if (!failed) failed = jwt_add_grant_int(jwt, "iat", claims->issued_at);
    if (!failed) failed = jwt_add_grant_int(jwt, "exp", claims->expires_at);
    return failed;
}

/* The signed token, freed by the caller; NULL when memory ran out. */
static char *encode(const struct tokens *tokens, const struct claims *claims) {
    jwt_t *jwt;
    char *token = NULL;
    if (jwt_new(&jwt) != 0) return NULL;
    if (add_claims(jwt, claims) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_HS256, tokens->secret, tokens->secret_len) == 0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    return token;
}

/* Another libjwt might write another header, and then no token would pass: better known at the start. */
static enum err_code check_header(const struct tokens *tokens, struct err *err) {
    struct claims claims = {.subject = 1, .issued_at = 1, .expires_at = 2};
    char *token = encode(tokens, &claims);
    if (!token) return err_set(err, ERR_NO_MEMORY, "no memory for a token");
    bool same = strncmp(token, HEADER, HEADER_LEN) == 0;
    free(token);
    return same ? ERR_OK : err_set(err, ERR_SYSTEM, "this libjwt writes another token header than expected");
}

enum err_code tokens_new(struct tokens **ret, const char *secret, size_t len, int64_t lifetime_s,
                         struct err *err) {
    if (len < TOKEN_MIN_SECRET || len > MAX_SECRET)
        return err_set(err, ERR_INVALID, "the token secret has %zu bytes: give %d to %d", len,
                       TOKEN_MIN_SECRET, MAX_SECRET);
    if (lifetime_s <= 0) return err_set(err, ERR_INVALID, "a token's lifetime must be at least 1 second");

    struct tokens *tokens = malloc(sizeof *tokens + len);
    if (!tokens) return err_set(err, ERR_NO_MEMORY, "no memory for the token secret");
    tokens->lifetime_s = lifetime_s;
    tokens->secret_len = (int)len;
    memcpy(tokens->secret, secret, len);
    crypto_mac_key(&tokens->mac, secret, len);

    json_object_seed(0); /* jansson's first hash table seeds itself, which two threads must not do at once */
    enum err_code code = check_header(tokens, err);
    if (code != ERR_OK) {
        tokens_free(tokens);
        return code;
    }
    *ret = tokens;
    return ERR_OK;
}

void tokens_free(struct tokens *tokens) {
    if (!tokens) return;
    crypto_wipe(&tokens->mac, sizeof tokens->mac);
    crypto_wipe(tokens->secret, (size_t)tokens->secret_len);
    free(tokens);
}

int64_t tokens_lifetime(const struct tokens *tokens) {
    return tokens->lifetime_s;
}

enum err_code tokens_sign(const struct tokens *tokens, int64_t subject, int64_t now_s, struct buf *ret,
                          struct err *err) {
    if (subject <= 0) return err_set(err, ERR_INVALID, "a token's subject must be a positive number");
    struct claims claims = {.subject = subject, .issued_at = now_s, .expires_at = now_s + tokens->lifetime_s};
    char *token = encode(tokens, &claims);
    if (token) buf_add_str(ret, token);
    bool done = token && !ret->failed;
    free(token);
    return done ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory for a token");
}

static bool is_base64url(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Our header, then two parts of base64url, neither empty: where the last dot is, or 0. */
static size_t find_signature(const char *token, size_t len) {
    if (len <= HEADER_LEN || len > TOKEN_MAX_LEN || memcmp(token, HEADER, HEADER_LEN) != 0) return 0;
    size_t dot = 0;
    for (size_t i = HEADER_LEN; i < len; i++) {
        if (is_base64url(token[i])) continue;
        if (token[i] != '.' || dot) return 0;
        dot = i;
    }
    return dot > HEADER_LEN && dot < len - 1 ? dot : 0;
}

/* Where the last dot is, when the signature behind it is right; else 0. */
static size_t check_signature(const struct tokens *tokens, const char *token, size_t len) {
    size_t dot = find_signature(token, len);
    return dot > 0 && crypto_mac_is(&tokens->mac, token + dot + 1, len - dot - 1, token, dot) ? dot : 0;
}

static bool skip(const char **at, const char *text) {
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0) return false;
    *at += len;
    return true;
}

/* A positive number, of so few digits that it fits. */
static bool skip_number(const char **at, int64_t *ret) {
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 18 || **at == '0') return false;
    *ret = strtoll(*at, NULL, 10);
    *at += digits;
    return true;
}

/* Claims in the form in which libjwt writes ours: in the order of their names, with no blanks. */
static bool read_written(const char *part, size_t len, struct claims *ret) {
    char text[256];
    long got = crypto_base64_read(text, sizeof text, part, len);
    const char *at = text;
    return got >= 0 && skip(&at, "{\"aud\":\"" AUDIENCE "\",\"exp\":") &&
           skip_number(&at, &ret->expires_at) && skip(&at, ",\"iat\":") &&
           skip_number(&at, &ret->issued_at) && skip(&at, ",\"iss\":\"" ISSUER "\",\"sub\":\"") &&
           skip_number(&at, &ret->subject) && skip(&at, "\"}") && at == text + got;
}

/* A positive number as we write it: digits only, none before it that says nothing. */
static bool parse_subject(const char *text, int64_t *ret) {
    if (!text || text[0] < '1' || text[0] > '9') return false;
    if (strspn(text, "0123456789") != strlen(text)) return false;
    errno = 0;
    long long n = strtoll(text, NULL, 10);
    if (errno != 0) return false;
    *ret = n;
    return true;
}

static bool grant_is(jwt_t *jwt, const char *name, const char *wanted) {
    const char *text = jwt_get_grant(jwt, name);
    return text && strcmp(text, wanted) == 0;
}

static enum err_code not_ours(struct err *err) {
    return err_set(err, ERR_DENIED, "this is not a token of this server: sign in again");
}

/* Whether they hold now. nbf is not among those that we write, but among those that we may be given. */
static enum err_code judge(const struct claims *claims, int64_t now_s, struct err *err) {
    if (claims->expires_at <= now_s - SKEW_S)
        return err_set(err, ERR_DENIED, "the token has expired: sign in again");
    if (claims->issued_at > now_s + SKEW_S || claims->not_before > now_s + SKEW_S)
        return err_set(err, ERR_DENIED, "the token is not valid yet: compare the clocks");
    return ERR_OK;
}

static bool take_claims(jwt_t *jwt, struct claims *ret) {
    if (!grant_is(jwt, "iss", ISSUER) || !grant_is(jwt, "aud", AUDIENCE)) return false;
    if (!parse_subject(jwt_get_grant(jwt, "sub"), &ret->subject)) return false;
    ret->issued_at = jwt_get_grant_int(jwt, "iat");
    ret->expires_at = jwt_get_grant_int(jwt, "exp");
    ret->not_before = jwt_get_grant_int(jwt, "nbf");
    return ret->issued_at > 0 && ret->expires_at > 0;
}

/* Claims in any form. */
static enum err_code read_claims(const char *token, size_t len, struct claims *ret, struct err *err) {
    *ret = (struct claims){0};
    char text[TOKEN_MAX_LEN + 1];
    memcpy(text, token, len);
    text[len] = '\0';
    jwt_t *jwt = NULL;
    int failed = jwt_decode(&jwt, text, NULL, 0);
    if (failed == ENOMEM) return err_set(err, ERR_NO_MEMORY, "no memory to check a token");
    if (failed) return not_ours(err);
    bool ours = take_claims(jwt, ret);
    jwt_free(jwt);
    return ours ? ERR_OK : not_ours(err);
}

enum err_code tokens_verify(const struct tokens *tokens, struct token_memory *memory, const char *token,
                            size_t len, int64_t now_s, struct claims *ret, struct err *err) {
    struct claims claims = {0};
    enum err_code code;
    if (!memory || !token_memory_find(memory, token, len, &claims)) {
        size_t dot = check_signature(tokens, token, len);
        if (dot == 0) return not_ours(err);
        bool read = read_written(token + HEADER_LEN, dot - HEADER_LEN, &claims);
        if (!read && (code = read_claims(token, len, &claims, err)) != ERR_OK) return code;
        if (memory) token_memory_keep(memory, token, len, &claims);
    }
    if ((code = judge(&claims, now_s, err)) == ERR_OK) *ret = claims;
    return code;
}
