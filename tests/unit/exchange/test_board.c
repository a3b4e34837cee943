/* test_board.c -- what is pinned up, in which words, and who holds it. */

#include "../../../core/exchange/board.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state) {
    struct board *board = NULL;
    assert_int_equal(board_new(&board, NULL), ERR_OK);
    *state = board;
    return 0;
}

static int tear_down(void **state) {
    board_free(*state);
    return 0;
}

static enum err_code publish(struct board *board, const char *name, const char *text, struct err *err) {
    return board_publish(board, name, text, strlen(text), err);
}

static void assert_newest(struct board *board, const char *name, unsigned number, const char *text) {
    char expected[256];
    struct frame *frame = board_newest(board, name);
    assert_non_null(frame);
    int len = snprintf(expected, sizeof(expected), "id: %s-%u\nevent: %s\ndata: %s\n\n", board_boot(board),
                       number, name, text);
    assert_int_equal(frame->number, number);
    assert_int_equal(frame->len, len);
    assert_memory_equal(frame->bytes, expected, (size_t)len);
    frame_drop(frame);
}

static void the_newest_of_each_name_is_kept(void **state) {
    struct board *board = *state;
    assert_null(board_newest(board, "news"));
    assert_int_equal(strlen(board_boot(board)), 8);
    assert_int_equal(publish(board, "news", "{\"a\":1}", NULL), ERR_OK);
    assert_int_equal(publish(board, "other", "[]", NULL), ERR_OK);
    assert_newest(board, "news", 1, "{\"a\":1}");
    assert_int_equal(publish(board, "news", "{\"a\":2}", NULL), ERR_OK);
    assert_newest(board, "news", 3, "{\"a\":2}");
    assert_newest(board, "other", 2, "[]");
}

static void a_frame_lasts_as_long_as_someone_holds_it(void **state) {
    struct board *board = *state;
    publish(board, "news", "first", NULL);
    struct frame *held = board_newest(board, "news");
    publish(board, "news", "second", NULL);
    assert_non_null(memmem(held->bytes, held->len, "data: first\n", 12));
    assert_ptr_equal(frame_hold(held), held);
    frame_drop(held);
    frame_drop(held);
    frame_drop(NULL);
    assert_null(frame_hold(NULL));
}

static void what_would_break_the_wire_is_refused(void **state) {
    struct board *board = *state;
    static const char *const names[] = {"", "a b", "a\n", "a:b", "\xc3\xa9"};
    static const char *const texts[] = {"a\nb", "a\r", "\n"};
    char *much = malloc(BOARD_MAX_TEXT + 1), name[BOARD_MAX_NAME + 2] = "";
    struct err err = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(publish(board, names[i], "x", &err), ERR_INVALID);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(publish(board, "news", texts[i], &err), ERR_INVALID);
    assert_int_equal(board_publish(board, "news", "a\0b", 3, &err), ERR_INVALID);
    memset(name, 'a', BOARD_MAX_NAME + 1);
    assert_int_equal(publish(board, name, "x", &err), ERR_INVALID);
    memset(much, 'x', BOARD_MAX_TEXT + 1);
    assert_int_equal(board_publish(board, "news", much, BOARD_MAX_TEXT + 1, &err), ERR_LIMIT);
    assert_null(board_newest(board, "news"));
    assert_int_equal(board_publish(board, "news", much, BOARD_MAX_TEXT, &err), ERR_OK);
    free(much);
}

static void names_are_bounded(void **state) {
    struct board *board = *state;
    char name[16];
    struct err err = {0};
    for (int i = 0; i < BOARD_NAMES; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(publish(board, name, "x", &err), ERR_OK);
    }
    assert_int_equal(publish(board, "more", "x", &err), ERR_LIMIT);
    assert_int_equal(publish(board, "n0", "y", &err), ERR_OK);
}

static void count(void *ctx) {
    ++*(int *)ctx;
}

static void watchers_are_called_until_they_leave(void **state) {
    struct board *board = *state;
    int calls = 0;
    board_watch(board, count, &calls);
    publish(board, "news", "x", NULL);
    publish(board, "a b", "x", NULL);
    assert_int_equal(calls, 1);
    board_watch(board, NULL, NULL);
    publish(board, "news", "x", NULL);
    assert_int_equal(calls, 1);
}

#define TIMES 2000

static void *publish_many(void *arg) {
    for (int i = 0; i < TIMES; i++)
        publish(arg, "news", "x", NULL);
    return NULL;
}

static void numbers_rise_whoever_publishes(void **state) {
    struct board *board = *state;
    pthread_t threads[3];
    uint64_t last = 0;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_many, board), 0);
    for (int i = 0; i < TIMES; i++) {
        struct frame *frame = board_newest(board, "news");
        assert_true(!frame || frame->number >= last);
        if (frame) last = frame->number;
        frame_drop(frame);
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_newest(board, "news", 3 * TIMES, "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_newest_of_each_name_is_kept),      TEST(a_frame_lasts_as_long_as_someone_holds_it),
        TEST(what_would_break_the_wire_is_refused), TEST(names_are_bounded),
        TEST(watchers_are_called_until_they_leave), TEST(numbers_rise_whoever_publishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
