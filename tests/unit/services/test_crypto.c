/* test_crypto.c -- known digests, random bytes that differ, and password hashes that travel. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/crypto.h"
#include <cmocka.h>
#include <string.h>

/* the least that argon2id takes */
static const struct crypto_cost cheap = {8, 1}, dearer = {16, 1}, longer = {8, 2};

static void digests_are_sha256(void **state) {
    (void)state;
    char hex[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(hex, "abc", 3);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypto_sha256_hex(hex, "", 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* The reference vector of SipHash-2-4: the key is 00..0f, the text 00..0e. */
static void short_hashes_are_siphash(void **state) {
    (void)state;
    unsigned char key[CRYPTO_SHORT_KEY], text[15];
    for (unsigned char i = 0; i < sizeof(key); i++)
        key[i] = i;
    memcpy(text, key, sizeof(text));
    assert_true(crypto_short_hash(key, text, sizeof(text)) == 0xa129ca6149be45e5ULL);
    key[0] = 1;
    assert_false(crypto_short_hash(key, text, sizeof(text)) == 0xa129ca6149be45e5ULL);
}

static void random_bytes_differ_and_stay_inside(void **state) {
    (void)state;
    unsigned char a[34] = {0}, b[34] = {0};
    crypto_random(a + 1, 32);
    crypto_random(b + 1, 32);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(a[0] | a[33] | b[0] | b[33], 0);
}

static void compares_and_wipes(void **state) {
    (void)state;
    char a[] = "one secret", b[] = "one secret";
    assert_true(crypto_equal(a, b, sizeof(a)));
    b[9] = 'T';
    assert_false(crypto_equal(a, b, sizeof(a)));
    assert_true(crypto_equal(a, b, 9));
    crypto_wipe(a, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        assert_int_equal(a[i], 0);
}

static void a_hash_is_text_and_matches_its_password_only(void **state) {
    (void)state;
    char hash[CRYPTO_PASSWORD_SIZE], again[CRYPTO_PASSWORD_SIZE];
    assert_int_equal(crypto_password_hash(hash, "caf\xc3\xa9", 5, cheap, NULL), ERR_OK);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27), 0);
    assert_true(crypto_password_matches(hash, "caf\xc3\xa9", 5));
    assert_false(crypto_password_matches(hash, "cafe", 4));
    assert_false(crypto_password_matches(hash, "", 0));

    assert_int_equal(crypto_password_hash(again, "caf\xc3\xa9", 5, cheap, NULL), ERR_OK);
    assert_string_not_equal(hash, again); /* salted */
}

static void a_password_may_hold_a_zero(void **state) {
    (void)state;
    char hash[CRYPTO_PASSWORD_SIZE];
    assert_int_equal(crypto_password_hash(hash, "a\0b", 3, cheap, NULL), ERR_OK);
    assert_true(crypto_password_matches(hash, "a\0b", 3));
    assert_false(crypto_password_matches(hash, "a\0c", 3));
    assert_false(crypto_password_matches(hash, "a", 1));
}

static void what_is_no_hash_matches_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "!", "secret", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$", "$2b$12$abcdefghijklmnopqrstuv"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_false(crypto_password_matches(texts[i], "secret", 6));
}

static void another_cost_is_outdated(void **state) {
    (void)state;
    char hash[CRYPTO_PASSWORD_SIZE];
    assert_int_equal(crypto_password_hash(hash, "x", 1, cheap, NULL), ERR_OK);
    assert_false(crypto_password_outdated(hash, cheap));
    assert_true(crypto_password_outdated(hash, dearer));
    assert_true(crypto_password_outdated(hash, longer));
}

static void a_cost_that_cannot_be_is_refused_and_changes_nothing(void **state) {
    (void)state;
    char hash[CRYPTO_PASSWORD_SIZE] = "as before";
    struct err err = {0};
    assert_int_equal(crypto_password_hash(hash, "x", 1, (struct crypto_cost){1, 1}, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "1 KiB"));
    assert_int_equal(crypto_password_hash(hash, "x", 1, (struct crypto_cost){8, 0}, &err), ERR_INVALID);
    assert_string_equal(hash, "as before");
}

static int open_crypto(void **state) {
    (void)state;
    return crypto_open(NULL) == ERR_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_sha256),
        cmocka_unit_test(short_hashes_are_siphash),
        cmocka_unit_test(random_bytes_differ_and_stay_inside),
        cmocka_unit_test(compares_and_wipes),
        cmocka_unit_test(a_hash_is_text_and_matches_its_password_only),
        cmocka_unit_test(a_password_may_hold_a_zero),
        cmocka_unit_test(what_is_no_hash_matches_nothing),
        cmocka_unit_test(another_cost_is_outdated),
        cmocka_unit_test(a_cost_that_cannot_be_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
