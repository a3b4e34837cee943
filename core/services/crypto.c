/* crypto.c -- libsodium behind a few plain functions.
 *
 * One library for all of it, because its defaults are the safe ones: the kernel's randomness, argon2id with
 * its parameters written into the hash, comparisons that take the same time wherever the bytes differ. */

#include "crypto.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static_assert(CRYPTO_PASSWORD_SIZE == crypto_pwhash_argon2id_STRBYTES, "an encoded hash fits exactly");
static_assert(CRYPTO_DIGEST_HEX == 2 * crypto_hash_sha256_BYTES + 1, "a digest in hex fits exactly");
static_assert(CRYPTO_MAC_STATE == sizeof(crypto_auth_hmacsha256_state), "a MAC's state fits exactly");
static_assert(CRYPTO_SHORT_KEY == crypto_shorthash_KEYBYTES, "the short hash's key fits exactly");

enum err_code crypto_open(struct err *err) {
    if (sodium_init() < 0) return err_set(err, ERR_SYSTEM, "libsodium could not be started");
    return ERR_OK;
}

void crypto_random(void *ret, size_t len) {
    randombytes_buf(ret, len);
}

void crypto_sha256_hex(char ret[CRYPTO_DIGEST_HEX], const void *bytes, size_t len) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, bytes, len);
    sodium_bin2hex(ret, CRYPTO_DIGEST_HEX, digest, sizeof digest);
}

void crypto_mac_key(struct crypto_mac *ret, const void *key, size_t len) {
    crypto_auth_hmacsha256_init((crypto_auth_hmacsha256_state *)ret->state, key, len);
}

bool crypto_mac_is(const struct crypto_mac *key, const char *mac, size_t mac_len, const char *text,
                   size_t len) {
    unsigned char right[crypto_auth_hmacsha256_BYTES];
    char written[sodium_base64_ENCODED_LEN(sizeof right, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    crypto_auth_hmacsha256_state state;
    memcpy(&state, key->state, sizeof state);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, len);
    crypto_auth_hmacsha256_final(&state, right);
    sodium_bin2base64(written, sizeof written, right, sizeof right, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return mac_len == sizeof written - 1 && sodium_memcmp(mac, written, mac_len) == 0;
}

long crypto_base64_read(char *ret, size_t size, const char *text, size_t len) {
    size_t got;
    if (size == 0 || sodium_base642bin((unsigned char *)ret, size - 1, text, len, NULL, &got, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return -1;
    ret[got] = '\0';
    return (long)got;
}

uint64_t crypto_short_hash(const unsigned char key[CRYPTO_SHORT_KEY], const void *bytes, size_t len) {
    union {
        unsigned char bytes[crypto_shorthash_BYTES];
        uint64_t number;
    } hash;
    crypto_shorthash(hash.bytes, bytes, len, key);
    return hash.number;
}

void crypto_wipe(void *bytes, size_t len) {
    sodium_memzero(bytes, len);
}

bool crypto_equal(const void *a, const void *b, size_t len) {
    return sodium_memcmp(a, b, len) == 0;
}

enum err_code crypto_password_hash(char ret[CRYPTO_PASSWORD_SIZE], const char *password, size_t len,
                                   struct crypto_cost cost, struct err *err) {
    char hash[CRYPTO_PASSWORD_SIZE];
    errno = 0;
    if (crypto_pwhash_argon2id_str(hash, password, len, cost.passes, cost.memory_kib * 1024) == 0) {
        memcpy(ret, hash, sizeof hash);
        return ERR_OK;
    }
    if (errno == EINVAL || errno == EFBIG)
        return err_set(err, ERR_INVALID, "argon2id does not take %zu KiB and %u passes", cost.memory_kib,
                       cost.passes);
    return err_set(err, ERR_NO_MEMORY, "no memory for a password hash of %zu KiB", cost.memory_kib);
}

bool crypto_password_matches(const char *hash, const char *password, size_t len) {
    return crypto_pwhash_argon2id_str_verify(hash, password, len) == 0;
}

bool crypto_password_outdated(const char *hash, struct crypto_cost cost) {
    return crypto_pwhash_argon2id_str_needs_rehash(hash, cost.passes, cost.memory_kib * 1024) != 0;
}
