/* test_ready.c -- which answer is given again to whom, and for how long. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/http/ready.h"
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct ready ready;
static atomic_uint_fast64_t changes;
static int released;
static char made[READY_PLACES * 4]; /* addresses to tell answers by */

static void on_release(void *what) {
    assert_non_null(what);
    released++;
}

static struct request asking(const struct header *headers, size_t count) {
    return (struct request){.method = METHOD_GET, .body = "", .headers = headers, .header_count = count};
}

static struct ready_answer answer_of(int number) {
    return (struct ready_answer){
        .made = &made[number],
        .status = 200,
        .bytes = 10,
        .route = "/things/{id}",
        .generation = 7,
        .standing = {.counters = {&changes}, .count = 1, .sum = atomic_load(&changes), .until_ns = 1000}};
}

static bool keep(const struct request *req, const char *target, int number) {
    struct ready_answer answer = answer_of(number);
    return ready_keep(&ready, req, target, &answer, 1);
}

static bool finds(const struct request *req, const char *target, int number) {
    const struct ready_answer *answer = ready_find(&ready, req, target, 7, 1);
    return answer && answer->made == &made[number];
}

static void what_was_kept_is_found(void **state) {
    (void)state;
    struct request req = asking(NULL, 0);
    char route[] = "/things/{id}";
    struct ready_answer answer = answer_of(1);
    answer.route = route;
    assert_true(ready_keep(&ready, &req, "/things/7?a=b", &answer, 1));
    memset(route, 'x', sizeof route - 1); /* its own copy */
    const struct ready_answer *found = ready_find(&ready, &req, "/things/7?a=b", 7, 999);
    assert_non_null(found);
    assert_ptr_equal(found->made, &made[1]);
    assert_string_equal(found->route, "/things/{id}");
    assert_int_equal(found->bytes, 10);
    req.method = METHOD_HEAD;
    assert_true(finds(&req, "/things/7?a=b", 1));
    assert_int_equal(released, 0);
}

static void another_question_is_another(void **state) {
    (void)state;
    static const struct header tagged[] = {{"if-none-match", "\"1\""}}, empty[] = {{"If-None-Match", ""}},
                               from[] = {{"Origin", "\"1\""}};
    struct request plain = asking(NULL, 0), with_tag = asking(tagged, 1), with_empty = asking(empty, 1),
                   with_origin = asking(from, 1), posted = asking(NULL, 0), bodied = asking(NULL, 0);
    posted.method = METHOD_POST;
    bodied.body_len = 1;
    assert_true(keep(&plain, "/a", 1));
    const struct request *others[] = {&with_tag, &with_empty, &with_origin, &posted, &bodied};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(ready_find(&ready, others[i], "/a", 7, 1));
    assert_null(ready_find(&ready, &plain, "/a?", 7, 1));
    assert_null(ready_find(&ready, &plain, "/A", 7, 1));
    assert_null(ready_find(&ready, &plain, "/", 7, 1));
    assert_true(keep(&with_tag, "/a", 2));
    assert_true(finds(&with_tag, "/a", 2));
    assert_false(keep(&posted, "/a", 3));
    assert_false(keep(&bodied, "/a", 3));
}

static void it_is_given_while_it_stands(void **state) {
    (void)state;
    struct request req = asking(NULL, 0);
    assert_true(keep(&req, "/a", 1));
    atomic_fetch_add(&changes, 1);
    assert_null(ready_find(&ready, &req, "/a", 7, 1));
    assert_int_equal(released, 1);
    assert_true(keep(&req, "/a", 2));
    assert_null(ready_find(&ready, &req, "/a", 7, 1000));
    assert_true(keep(&req, "/a", 3));
    assert_null(ready_find(&ready, &req, "/a", 8, 1)); /* other scripts */
    assert_int_equal(released, 3);
}

static void what_does_not_stand_or_fit_is_not_kept(void **state) {
    (void)state;
    struct request req = asking(NULL, 0);
    struct ready_answer late = answer_of(1), never = answer_of(1), large = answer_of(1);
    char target[READY_MOST_QUESTION + 1];
    late.standing.until_ns = 1;
    never.standing = (struct standing){0};
    large.bytes = READY_MOST_BYTES + 1;
    assert_false(ready_keep(&ready, &req, "/a", &late, 1));
    assert_false(ready_keep(&ready, &req, "/a", &never, 1));
    assert_false(ready_keep(&ready, &req, "/a", &large, 1));
    memset(target, 'a', sizeof target);
    target[READY_MOST_QUESTION] = '\0';
    assert_false(keep(&req, target, 1));
    assert_null(ready_find(&ready, &req, target, 7, 1));
    assert_int_equal(released, 0); /* still the caller's */
}

static void the_later_gets_the_place_and_all_are_released(void **state) {
    (void)state;
    struct request req = asking(NULL, 0);
    char target[16];
    int kept = 0;
    for (int i = 0; i < READY_PLACES * 4; i++) {
        snprintf(target, sizeof target, "/%d", i);
        assert_true(keep(&req, target, i));
        assert_true(finds(&req, target, i));
    }
    for (int i = 0; i < READY_PLACES * 4; i++) {
        snprintf(target, sizeof target, "/%d", i);
        if (finds(&req, target, i)) kept++;
    }
    assert_int_equal(kept, READY_PLACES * 4 - released);
    assert_in_range(kept, READY_PLACES / 2, READY_PLACES);
}

static int set_up(void **state) {
    (void)state;
    released = 0;
    ready_init(&ready, on_release);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ready_done(&ready);
    return 0;
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(what_was_kept_is_found),
        WITH(another_question_is_another),
        WITH(it_is_given_while_it_stands),
        WITH(what_does_not_stand_or_fit_is_not_kept),
        WITH(the_later_gets_the_place_and_all_are_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
