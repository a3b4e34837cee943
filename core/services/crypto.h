#ifndef PLATEIA_SERVICES_CRYPTO_H
#define PLATEIA_SERVICES_CRYPTO_H

/* crypto.h -- random bytes, digests, and the password hash itself. The only door to libsodium.
 *
 * crypto_open once, before threads; all else from any thread. crypto_password_* take tens of milliseconds and
 * megabytes: only the hasher's threads call them. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_PASSWORD_SIZE 128 /* an encoded argon2id hash with its NUL */
#define CRYPTO_DIGEST_HEX    65
#define CRYPTO_SHORT_KEY     16

enum err_code crypto_open(struct err *err);
void crypto_random(void *ret, size_t len);
void crypto_sha256_hex(char ret[CRYPTO_DIGEST_HEX], const void *bytes, size_t len);
/* Whether `mac` is the HMAC-SHA256 of the text in base64url without padding; constant time. */
bool crypto_mac_is(const char *mac, size_t mac_len, const void *key, size_t key_len, const char *text,
                   size_t len);
/* SipHash: for hash tables whose keys a stranger may choose. */
uint64_t crypto_short_hash(const unsigned char key[CRYPTO_SHORT_KEY], const void *bytes, size_t len);
void crypto_wipe(void *bytes, size_t len);
bool crypto_equal(const void *a, const void *b, size_t len); /* constant time */

struct crypto_cost {
    size_t memory_kib;
    unsigned passes;
};
/* argon2id in its usual text form ("$argon2id$v=19$m=..."); ERR_NO_MEMORY when the memory is not there. */
enum err_code crypto_password_hash(char ret[CRYPTO_PASSWORD_SIZE], const char *password, size_t len,
                                   struct crypto_cost cost, struct err *err);
bool crypto_password_matches(const char *hash, const char *password, size_t len);
/* True when the hash was made with another cost. */
bool crypto_password_outdated(const char *hash, struct crypto_cost cost);

#endif
