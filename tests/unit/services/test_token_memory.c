/* test_token_memory.c -- what is remembered is the very token, and only for as long as it is good. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/crypto.h"
#include "../../../core/services/token.h"
#include "../../../core/services/token_memory.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "an old secret of 40 bytes, for the tests"
#define NOW    1790000000LL
#define LIFE   3600

static struct token_memory *memory;

static int set_up(void **state) {
    (void)state;
    return crypto_open(NULL) == ERR_OK && token_memory_new(&memory, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    token_memory_free(memory);
    token_memory_free(NULL);
    return 0;
}

static void finds_the_very_token(void **state) {
    (void)state;
    struct claims claims = {.subject = 7, .issued_at = 1, .expires_at = 2}, found;
    assert_false(token_memory_find(memory, "", 0, &found)); /* an empty place is no token */
    assert_false(token_memory_find(memory, "abc", 3, &found));
    token_memory_keep(memory, "abc", 3, &claims);
    assert_true(token_memory_find(memory, "abc", 3, &found));
    assert_true(found.subject == 7 && found.issued_at == 1 && found.expires_at == 2);
    assert_false(token_memory_find(memory, "abcd", 4, &found));
    assert_false(token_memory_find(memory, "abd", 3, &found));
    assert_false(token_memory_find(memory, "ab", 2, &found));
}

static void is_bounded(void **state) {
    (void)state;
    struct claims claims = {.subject = 7}, found;
    char token[TOKEN_MEMORY_MAX_LEN + 1];
    int known = 0;
    memset(token, 'x', sizeof token);
    token_memory_keep(memory, token, sizeof token, &claims);
    assert_false(token_memory_find(memory, token, sizeof token, &found));
    for (int i = 0; i < 20 * TOKEN_MEMORY_COUNT; i++) {
        int len = snprintf(token, sizeof token, "token %d", i);
        token_memory_keep(memory, token, (size_t)len, &claims);
        assert_true(
            token_memory_find(memory, token, (size_t)len, &found)); /* the latest always has its place */
    }
    for (int i = 0; i < 20 * TOKEN_MEMORY_COUNT; i++) {
        int len = snprintf(token, sizeof token, "token %d", i);
        known += token_memory_find(memory, token, (size_t)len, &found);
    }
    assert_in_range(known, 1, TOKEN_MEMORY_COUNT);
}

/* The memory spares the signature's work and nothing else: time goes on for those who are remembered. */
static void tokens_are_judged_anew(void **state) {
    (void)state;
    struct tokens *tokens = NULL;
    struct buf token = {0};
    struct claims claims;
    struct err err = {0};
    assert_int_equal(tokens_new(&tokens, SECRET, strlen(SECRET), LIFE, NULL), ERR_OK);
    assert_int_equal(tokens_sign(tokens, 42, NOW, &token, NULL), ERR_OK);
    for (int i = 0; i < 2; i++) {
        memset(&claims, 0, sizeof claims);
        assert_int_equal(tokens_verify(tokens, memory, token.data, token.len, NOW, &claims, &err), ERR_OK);
        assert_true(claims.subject == 42 && claims.expires_at == NOW + LIFE);
    }
    assert_true(token_memory_find(memory, token.data, token.len, &claims));
    assert_int_equal(tokens_verify(tokens, memory, token.data, token.len, NOW + LIFE + 31, &claims, &err),
                     ERR_DENIED);
    assert_non_null(strstr(err.text, "expired"));
    assert_int_equal(tokens_verify(tokens, memory, token.data, token.len, NOW - 31, &claims, &err),
                     ERR_DENIED);
    assert_non_null(strstr(err.text, "not valid yet"));
    buf_done(&token);
    tokens_free(tokens);
}

static void what_is_refused_is_not_remembered(void **state) {
    (void)state;
    struct tokens *tokens = NULL;
    struct buf token = {0};
    struct claims claims;
    assert_int_equal(tokens_new(&tokens, SECRET, strlen(SECRET), LIFE, NULL), ERR_OK);
    assert_int_equal(tokens_sign(tokens, 42, NOW, &token, NULL), ERR_OK);
    token.data[token.len - 1] = token.data[token.len - 1] == 'A' ? 'E' : 'A';
    for (int i = 0; i < 2; i++)
        assert_int_equal(tokens_verify(tokens, memory, token.data, token.len, NOW, &claims, NULL),
                         ERR_DENIED);
    assert_false(token_memory_find(memory, token.data, token.len, &claims));
    assert_int_equal(tokens_verify(tokens, memory, "", 0, NOW, &claims, NULL), ERR_DENIED);
    buf_done(&token);
    tokens_free(tokens);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_the_very_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_are_judged_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_is_not_remembered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
