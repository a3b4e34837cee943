/* test_token.c -- our tokens pass, anyone's tokens with our secret pass, and nothing else does.
 *
 * Tokens are minted here by hand, with libsodium's HMAC: what another library would make. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/crypto.h"
#include "../../../core/services/token.h"
#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "an old secret of 40 bytes, for the tests"
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define NOW    1790000000LL
#define GOOD   "{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600}"

static struct tokens *tokens;

static void add_base64(struct buf *to, const void *bytes, size_t len) {
    char text[4096];
    sodium_bin2base64(text, sizeof(text), bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add_str(to, text);
}

/* header.payload.signature, whatever they say. */
static void mint(struct buf *to, const char *header, const char *payload, const char *secret) {
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state hmac;
    buf_clear(to);
    add_base64(to, header, strlen(header));
    buf_add_char(to, '.');
    add_base64(to, payload, strlen(payload));
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)to->data, to->len);
    crypto_auth_hmacsha256_final(&hmac, mac);
    buf_add_char(to, '.');
    add_base64(to, mac, sizeof(mac));
}

static enum err_code verify(const char *text, size_t len, int64_t now, struct claims *ret, struct err *err) {
    /* an exact copy on the heap, so that a sanitizer sees a read beyond it */
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    enum err_code code = tokens_verify(tokens, NULL, copy, len, now, ret, err);
    free(copy);
    return code;
}

static void refuses(const char *text, size_t len, int64_t now, const char *because) {
    struct claims claims = {.subject = 7, .issued_at = 7, .expires_at = 7};
    struct err err = {0};
    assert_int_equal(verify(text, len, now, &claims, &err), ERR_DENIED);
    assert_non_null(strstr(err.text, because));
    assert_true(claims.subject == 7 && claims.issued_at == 7 && claims.expires_at == 7);
}

static void refuses_payload(const char *payload, const char *because) {
    struct buf token = {0};
    mint(&token, HEADER, payload, SECRET);
    refuses(token.data, token.len, NOW, because);
    buf_done(&token);
}

static void what_we_sign_we_accept(void **state) {
    (void)state;
    struct buf token = {0};
    struct claims claims = {0};
    static const int64_t subjects[] = {1, 42, 9007199254740993, INT64_MAX};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
        buf_clear(&token);
        assert_int_equal(tokens_sign(tokens, subjects[i], NOW, &token, NULL), ERR_OK);
        assert_int_equal(verify(token.data, token.len, NOW, &claims, NULL), ERR_OK);
        assert_true(claims.subject == subjects[i]);
        assert_true(claims.issued_at == NOW && claims.expires_at == NOW + 3600);
    }
    buf_done(&token);
}

static void signing_appends(void **state) {
    (void)state;
    static const char start[] = "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.";
    struct buf text = {0};
    buf_add_str(&text, "Bearer ");
    assert_int_equal(tokens_sign(tokens, 1, NOW, &text, NULL), ERR_OK);
    assert_int_equal(strncmp(text.data, start, strlen(start)), 0);
    buf_done(&text);
}

static void nobody_is_no_subject(void **state) {
    (void)state;
    struct buf text = {0};
    assert_int_equal(tokens_sign(tokens, 0, NOW, &text, NULL), ERR_INVALID);
    assert_int_equal(tokens_sign(tokens, -3, NOW, &text, NULL), ERR_INVALID);
    assert_int_equal(text.len, 0);
}

static void what_others_sign_with_our_secret_we_accept(void **state) {
    (void)state;
    static const char *const payloads[] = {
        GOOD,
        "{ \"exp\": 1790003600, \"iat\": 1790000000,\n \"aud\":\"plateia\", \"iss\":\"plateia\", "
        "\"sub\":\"42\" }",
        "{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600,"
        "\"nbf\":1790000000,\"roles\":[\"a\",{}],\"name\":\"Zo\xc3\xab\"}",
    };
    struct buf token = {0};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
        struct claims claims = {0};
        mint(&token, HEADER, payloads[i], SECRET);
        assert_int_equal(verify(token.data, token.len, NOW, &claims, NULL), ERR_OK);
        assert_true(claims.subject == 42);
    }
    buf_done(&token);
}

static void another_secret_is_not_ours(void **state) {
    (void)state;
    struct buf token = {0};
    mint(&token, HEADER, GOOD, "another secret of 40 bytes for the tests");
    refuses(token.data, token.len, NOW, "not a token of this server");
    mint(&token, HEADER, GOOD, "");
    refuses(token.data, token.len, NOW, "not a token of this server");
    buf_done(&token);
}

/* Also where the signature is right: the header chooses no algorithm here. */
static void another_header_is_not_ours(void **state) {
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"nOnE\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"none\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS512\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k2\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
        "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"k1\"}",
        HEADER " ",
    };
    struct buf token = {0};
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        mint(&token, headers[i], GOOD, SECRET);
        refuses(token.data, token.len, NOW, "not a token of this server");
        token.len = (size_t)(strrchr(token.data, '.') + 1 - token.data); /* and without a signature */
        refuses(token.data, token.len, NOW, "not a token of this server");
    }
    buf_done(&token);
}

/* One byte changed, added or taken away anywhere makes it another token. The last letter of a signature
 * holds two bits that say nothing; libjwt compares the text, so those count as well. */
static void every_byte_counts(void **state) {
    (void)state;
    struct buf token = {0};
    mint(&token, HEADER, GOOD, SECRET);
    for (size_t i = 0; i < token.len; i++) {
        char was = token.data[i];
        token.data[i] = was == 'A' ? 'B' : 'A';
        refuses(token.data, token.len, NOW, "not a token of this server");
        token.data[i] = was;
    }
    for (size_t len = 0; len < token.len; len++)
        refuses(token.data, len, NOW, "not a token of this server");
    static const char tails[] = {'=', '\n', '.', 'A', ' ', '\0'};
    for (size_t i = 0; i < sizeof(tails); i++) {
        struct buf longer = {0};
        buf_add(&longer, token.data, token.len);
        buf_add_char(&longer, tails[i]);
        refuses(longer.data, longer.len, NOW, "not a token of this server");
        buf_done(&longer);
    }
    buf_done(&token);
}

static void shapes_that_are_no_token(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b.c",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0..",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30.",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0..AAAA",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30.AA.AA",
                                        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30.AA+/"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        refuses(texts[i], strlen(texts[i]), NOW, "not a token of this server");
}

static void a_payload_that_is_no_object_is_refused(void **state) {
    (void)state;
    static const char *const payloads[] = {"[]", "\"plateia\"", "1", "null", "{", "{}", "{}{}", "x"};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
        refuses_payload(payloads[i], "not a token of this server");
}

static void a_token_may_have_2048_bytes_and_no_more(void **state) {
    (void)state;
    struct buf token = {0};
    struct claims claims;
    char payload[1600];
    size_t fits = 0, refused = 0;
    for (int filler = 1200; filler < 1500; filler++) {
        snprintf(
            payload, sizeof(payload),
            "{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600,"
            "\"x\":\"%0*d\"}",
            filler, 0);
        mint(&token, HEADER, payload, SECRET);
        bool good = verify(token.data, token.len, NOW, &claims, NULL) == ERR_OK;
        assert_int_equal(good, token.len <= TOKEN_MAX_LEN);
        good ? fits++ : refused++;
    }
    assert_true(fits > 0 && refused > 0);
    buf_done(&token);

    char *huge = malloc(20 * 1000 * 1000);
    memset(huge, 'A', 20 * 1000 * 1000);
    refuses(huge, 20 * 1000 * 1000, NOW, "not a token of this server");
    free(huge);
}

#define CLAIMS(sub, iss, aud, iat, exp)                                                                      \
    "{\"sub\":" sub ",\"iss\":" iss ",\"aud\":" aud ",\"iat\":" iat ",\"exp\":" exp "}"
#define US "\"plateia\""
/* In the order in which our own are written. */
#define WRITTEN(aud, exp, iat, iss, sub)                                                                     \
    "{\"aud\":" aud ",\"exp\":" exp ",\"iat\":" iat ",\"iss\":" iss ",\"sub\":" sub "}"

/* Those that are read by comparing and those that just look like it. */
static void claims_as_we_write_them(void **state) {
    (void)state;
    static const char *const good[] = {
        WRITTEN(US, "1790003600", "1790000000", US, "\"42\""),
        WRITTEN(US, " 1790003600", "1790000000", US, "\"42\""),
        WRITTEN(US, "1790003600", "1790000000", US, "\"42\",\"x\":1"),
        WRITTEN(US, "1790003600", "1790000000,\"iat\":1790000000", US, "\"42\""),
    };
    static const char *const bad[] = {
        WRITTEN("\"plateia2\"", "1790003600", "1790000000", US, "\"42\""),
        WRITTEN(US, "01790003600", "1790000000", US, "\"42\""),
        WRITTEN(US, "1790003600.5", "1790000000", US, "\"42\""),
        WRITTEN(US, "1790003600", "-1790000000", US, "\"42\""),
        WRITTEN(US, "1790003600", "99999999999999999999", US, "\"42\""),
        WRITTEN(US, "1790003600", "1790000000", "\"else\"", "\"42\""),
        WRITTEN(US, "1790003600", "1790000000", US, "\"042\""),
        WRITTEN(US, "1790003600", "1790000000", US, "\"\""),
        WRITTEN(US, "1790003600", "1790000000", US, "42"),
        WRITTEN(US, "1790003600", "1790000000", US, "\"42\"") "}",
        WRITTEN(US, "1790003600", "1790000000", US, "\"42\"") "{}",
    };
    struct buf token = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct claims claims = {0};
        mint(&token, HEADER, good[i], SECRET);
        assert_int_equal(verify(token.data, token.len, NOW, &claims, NULL), ERR_OK);
        assert_true(claims.subject == 42 && claims.issued_at == NOW && claims.expires_at == NOW + 3600);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses_payload(bad[i], "not a token of this server");
    buf_done(&token);
}

static void claims_that_are_wrong_are_refused(void **state) {
    (void)state;
    static const char *const payloads[] = {
        CLAIMS("42", US, US, "1790000000", "1790003600"),
        CLAIMS("\"\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"0\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"-1\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"+1\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\" 1\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"01\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"1x\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"9223372036854775808\"", US, US, "1790000000", "1790003600"),
        CLAIMS("\"42\"", "\"else\"", US, "1790000000", "1790003600"),
        CLAIMS("\"42\"", "\"plateia2\"", US, "1790000000", "1790003600"),
        CLAIMS("\"42\"", US, "\"else\"", "1790000000", "1790003600"),
        CLAIMS("\"42\"", US, "[" US "]", "1790000000", "1790003600"),
        CLAIMS("\"42\"", US, US, "\"1790000000\"", "1790003600"),
        CLAIMS("\"42\"", US, US, "1790000000", "\"1790003600\""),
        CLAIMS("\"42\"", US, US, "1790000000", "true"),
        CLAIMS("\"42\"", US, US, "0", "1790003600"),
        CLAIMS("\"42\"", US, US, "1790000000", "-1"),
        "{\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600}",
        "{\"sub\":\"42\",\"aud\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600}",
        "{\"sub\":\"42\",\"iss\":\"plateia\",\"iat\":1790000000,\"exp\":1790003600}",
        "{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"exp\":1790003600}",
        "{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000}",
    };
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
        refuses_payload(payloads[i], "not a token of this server");
}

static void thirty_seconds_of_skew_each_way(void **state) {
    (void)state;
    struct buf token = {0};
    struct claims claims;
    mint(&token, HEADER, GOOD, SECRET);
    assert_int_equal(verify(token.data, token.len, NOW - 30, &claims, NULL), ERR_OK);
    refuses(token.data, token.len, NOW - 31, "not valid yet");
    assert_int_equal(verify(token.data, token.len, NOW + 3600 + 29, &claims, NULL), ERR_OK);
    refuses(token.data, token.len, NOW + 3600 + 30, "has expired: sign in again");
    refuses(token.data, token.len, INT64_MAX / 2, "has expired: sign in again");
    buf_done(&token);
    refuses_payload("{\"sub\":\"42\",\"iss\":\"plateia\",\"aud\":\"plateia\",\"iat\":1790000000,"
                    "\"exp\":1790003600,\"nbf\":1790000031}",
                    "not valid yet");
}

static void a_short_secret_is_refused(void **state) {
    (void)state;
    struct tokens *none = NULL;
    struct err err = {0};
    assert_int_equal(tokens_new(&none, SECRET, 31, 3600, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "31 bytes"));
    assert_int_equal(tokens_new(&none, "", 0, 3600, &err), ERR_INVALID);
    assert_int_equal(tokens_new(&none, SECRET, 32, 0, &err), ERR_INVALID);
    assert_null(none);
    assert_int_equal(tokens_new(&none, SECRET, 32, 60, &err), ERR_OK);
    assert_true(tokens_lifetime(none) == 60);
    tokens_free(none);
    tokens_free(NULL);
}

static void *sign_and_verify(void *ctx) {
    struct buf token = {0};
    int64_t subject = (int64_t)(intptr_t)ctx;
    intptr_t good = 0;
    for (int i = 0; i < 500; i++) {
        struct claims claims = {0};
        buf_clear(&token);
        tokens_sign(tokens, subject + i, NOW, &token, NULL);
        if (tokens_verify(tokens, NULL, token.data, token.len, NOW, &claims, NULL) == ERR_OK)
            good += claims.subject == subject + i;
    }
    buf_done(&token);
    return (void *)good;
}

static void any_thread_may(void **state) {
    (void)state;
    pthread_t threads[4];
    for (intptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, (void *)(1 + i * 1000000)), 0);
    for (int i = 0; i < 4; i++) {
        void *good;
        pthread_join(threads[i], &good);
        assert_int_equal((intptr_t)good, 500);
    }
}

static int set_up(void **state) {
    (void)state;
    if (crypto_open(NULL) != ERR_OK) return -1;
    return tokens_new(&tokens, SECRET, strlen(SECRET), 3600, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    tokens_free(tokens);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_sign_we_accept),
        cmocka_unit_test(signing_appends),
        cmocka_unit_test(nobody_is_no_subject),
        cmocka_unit_test(what_others_sign_with_our_secret_we_accept),
        cmocka_unit_test(another_secret_is_not_ours),
        cmocka_unit_test(another_header_is_not_ours),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(shapes_that_are_no_token),
        cmocka_unit_test(a_payload_that_is_no_object_is_refused),
        cmocka_unit_test(a_token_may_have_2048_bytes_and_no_more),
        cmocka_unit_test(claims_that_are_wrong_are_refused),
        cmocka_unit_test(claims_as_we_write_them),
        cmocka_unit_test(thirty_seconds_of_skew_each_way),
        cmocka_unit_test(a_short_secret_is_refused),
        cmocka_unit_test(any_thread_may),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
