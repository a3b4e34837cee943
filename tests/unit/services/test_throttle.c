/* test_throttle.c -- windows, limits, what is given back, and what a flood of keys does. Time is given. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/crypto.h"
#include "../../../core/services/throttle.h"
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define WINDOW 1000

static struct throttle *throttle;

static struct throttle_state take(const char *key, unsigned limit, int64_t now) {
    return throttle_take(throttle, key, strlen(key), limit, WINDOW, now);
}

static void a_window_holds_its_limit(void **state) {
    (void)state;
    struct throttle_state got = take("a", 3, 100);
    assert_true(got.allowed);
    assert_int_equal(got.remaining, 2);
    assert_int_equal(got.reset_ns, WINDOW);
    assert_int_equal(take("a", 3, 200).remaining, 1);
    assert_int_equal(take("a", 3, 300).remaining, 0);
    got = take("a", 3, 400);
    assert_false(got.allowed);
    assert_int_equal(got.remaining, 0);
    assert_int_equal(got.reset_ns, 700);
    assert_true(take("b", 3, 400).allowed); /* another key */
    assert_false(take("a", 3, 1099).allowed);
    assert_int_equal(take("a", 3, 1100).remaining, 2); /* another window */
}

static void what_is_refused_is_not_counted(void **state) {
    (void)state;
    take("a", 1, 0);
    for (int i = 0; i < 5; i++)
        assert_false(take("a", 1, i).allowed);
    assert_true(take("a", 2, 10).allowed); /* a higher limit finds one try */
    assert_false(take("a", 2, 10).allowed);
    assert_false(take("nothing goes", 0, 0).allowed);
}

static void what_did_not_count_is_given_back(void **state) {
    (void)state;
    take("a", 2, 0);
    take("a", 2, 0);
    throttle_give_back(throttle, "a", 1, 1);
    assert_true(take("a", 2, 2).allowed);
    assert_false(take("a", 2, 3).allowed);
    throttle_give_back(throttle, "b", 1, 4); /* nobody */
    throttle_give_back(throttle, "a", 1, WINDOW + 5);
    assert_int_equal(take("a", 2, WINDOW + 6).remaining, 1); /* the old window is over, and lends nothing */
}

static void a_flood_of_keys_frees_nobody(void **state) {
    (void)state;
    char key[32];
    for (int i = 0; i < 10; i++)
        take("guesser", 10, i);
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof(key), "stranger %d", i);
        take(key, 10, 20);
    }
    assert_false(take("guesser", 10, 30).allowed);
}

#define THREADS 4
static atomic_int let_in;

static void *try_often(void *ctx) {
    (void)ctx;
    for (int i = 0; i < 1000; i++)
        if (take("all", 500, 0).allowed) atomic_fetch_add(&let_in, 1);
    return NULL;
}

static void many_threads_share_one_limit(void **state) {
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, try_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&let_in), 500);
}

static int set_up(void **state) {
    (void)state;
    if (crypto_open(NULL) != ERR_OK) return -1;
    return throttle_new(&throttle, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    throttle_free(throttle);
    throttle_free(NULL);
    return 0;
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(a_window_holds_its_limit),         WITH(what_is_refused_is_not_counted),
        WITH(what_did_not_count_is_given_back), WITH(a_flood_of_keys_frees_nobody),
        WITH(many_threads_share_one_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
