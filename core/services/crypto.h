#ifndef PLATEIA_SERVICES_CRYPTO_H
#define PLATEIA_SERVICES_CRYPTO_H

/* crypto.h -- random bytes, digests, and the password hash itself. The only door to libsodium.
 *
 * crypto_open once, before threads; all else from any thread. crypto_password_* take tens of milliseconds and
 * megabytes: only the hasher's threads call them. */

#include "../base/err.h"
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_PASSWORD_SIZE 128 /* an encoded argon2id hash with its NUL */
#define CRYPTO_DIGEST_HEX    65
#define CRYPTO_SHORT_KEY     16
#define CRYPTO_MAC_STATE     208

enum err_code crypto_open(struct err *err);
void crypto_random(void *ret, size_t len);
void crypto_sha256_hex(char ret[CRYPTO_DIGEST_HEX], const void *bytes, size_t len);

/* A key of HMAC-SHA256, which is worked in once and not for each text. As secret as the key: wipe it. */
struct crypto_mac {
    alignas(16) unsigned char state[CRYPTO_MAC_STATE];
};
void crypto_mac_key(struct crypto_mac *ret, const void *key, size_t len);
/* Whether `mac` is the text's, in base64url without padding; constant time. */
bool crypto_mac_is(const struct crypto_mac *key, const char *mac, size_t mac_len, const char *text,
                   size_t len);
/* What base64url without padding says, and a NUL behind it; its length, or -1 for what is none, or does not
 * fit. */
long crypto_base64_read(char *ret, size_t size, const char *text, size_t len);
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
