/* token.c -- a token as it comes; or, where the input starts with '{', claims that are signed with our key,
 * so that what stands behind the signature is reached. Nothing is accepted that is changed by one letter. */

#include "../../core/services/token.h"
#include "../../core/base/buf.h"
#include "../../core/services/crypto.h"
#include "fuzz.h"

#define NOW    1800000000
#define BLOCK  64
#define DIGEST 32

static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}";
static const char secret[] = "a secret of the fuzzer, long enough for HS256";
static struct tokens *tokens;

static void add_base64url(struct buf *ret, const uint8_t *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            buf_add_char(ret, digits[bits >> (held - 6) & 63]);
    }
    if (held) buf_add_char(ret, digits[bits << (6 - held) & 63]);
}

static void digest(uint8_t ret[DIGEST], const char *bytes, size_t len) {
    char hex[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(hex, bytes, len);
    for (size_t i = 0; i < DIGEST; i++) {
        unsigned byte;
        REQUIRE(sscanf(hex + 2 * i, "%2x", &byte) == 1, "%s", hex);
        ret[i] = (uint8_t)byte;
    }
}

/* HMAC (RFC 2104): pad and bytes, digested. */
static void pad_and_digest(uint8_t ret[DIGEST], uint8_t pad, const void *bytes, size_t len) {
    struct buf text = {0};
    for (size_t i = 0; i < BLOCK; i++)
        buf_add_char(&text, (char)((i < strlen(secret) ? (uint8_t)secret[i] : 0) ^ pad));
    buf_add(&text, bytes, len);
    digest(ret, text.data, text.len);
    buf_done(&text);
}

static void sign(struct buf *ret, const uint8_t *claims, size_t len) {
    uint8_t inner[DIGEST], outer[DIGEST];
    add_base64url(ret, (const uint8_t *)header, strlen(header));
    buf_add_char(ret, '.');
    add_base64url(ret, claims, len);
    pad_and_digest(inner, 0x36, ret->data, ret->len);
    pad_and_digest(outer, 0x5c, inner, sizeof inner);
    buf_add_char(ret, '.');
    add_base64url(ret, outer, sizeof outer);
}

static bool verify(const char *text, size_t len, struct claims *claims) {
    struct err err = {0};
    enum err_code code = tokens_verify(tokens, NULL, text, len, NOW, claims, &err);
    REQUIRE(code == ERR_OK || (code == ERR_DENIED && strlen(err.text) > 10), "code %d: %s", code, err.text);
    return code == ERR_OK;
}

static void check(char *text, size_t len) {
    struct claims claims = {0};
    if (!verify(text, len, &claims)) return;
    REQUIRE(claims.subject > 0, "subject %lld", (long long)claims.subject);
    REQUIRE(claims.issued_at <= NOW + 60 && claims.expires_at > NOW - 60, "a token of another time");
    char *signature = (char *)memchr(text, '.', len) + 1;
    signature = (char *)memchr(signature, '.', len - (size_t)(signature - text)) + 1;
    *signature = *signature == 'A' ? 'B' : 'A';
    REQUIRE(!verify(text, len, &claims), "a changed signature is good");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf token = {0};
    if (!tokens) {
        REQUIRE(crypto_open(NULL) == ERR_OK, "libsodium");
        REQUIRE(tokens_new(&tokens, secret, strlen(secret), 3600, NULL) == ERR_OK, "libjwt");
    }
    if (size && data[0] == '{')
        sign(&token, data, size);
    else
        buf_add(&token, (const char *)data, size);
    char *text = input_copy(token.len ? token.data : "", token.len);
    check(text, token.len);
    free(text);
    buf_done(&token);
    return 0;
}
