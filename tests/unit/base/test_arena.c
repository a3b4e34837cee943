/* test_arena.c -- allocations do not overlap, are aligned, and a reused arena takes nothing new. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/arena.h"
#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

static void keeps_every_byte(void **state) {
    (void)state;
    struct arena arena = {0};
    static const size_t sizes[] = {0, 1, 7, 16, 100, 3000, 9000, 5, 8100, 70000, 2, 2000};
    enum { ROUNDS = 20, COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    unsigned char *taken[ROUNDS * COUNT];
    for (size_t i = 0; i < ROUNDS * COUNT; i++) {
        taken[i] = arena_alloc(&arena, sizes[i % COUNT]);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        memset(taken[i], (int)(i % 251), sizes[i % COUNT]);
    }
    for (size_t i = 0; i < ROUNDS * COUNT; i++)
        for (size_t at = 0; at < sizes[i % COUNT]; at++)
            assert_int_equal(taken[i][at], i % 251);
    arena_done(&arena);
    assert_null(arena.block);
}

/* The same work after a reset gets the very same memory: nothing was freed and taken again. */
static void a_reused_arena_takes_nothing_new(void **state) {
    (void)state;
    struct arena arena = {0};
    static const size_t sizes[] = {3000, 16, 700, 1, 2500};
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    void *first[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        first[i] = arena_alloc(&arena, sizes[i]);
    struct arena_block *block = arena.block;
    for (int round = 0; round < 100; round++) {
        arena_reset(&arena);
        for (size_t i = 0; i < COUNT; i++)
            assert_ptr_equal(arena_alloc(&arena, sizes[i]), first[i]);
        assert_ptr_equal(arena.block, block);
    }
    arena_done(&arena);
}

static void reset_keeps_one_usual_block(void **state) {
    (void)state;
    struct arena arena = {0};
    arena_reset(&arena);
    assert_null(arena.block);
    assert_non_null(arena_alloc(&arena, 100000)); /* nothing but a large one: none to keep */
    arena_reset(&arena);
    assert_null(arena.block);

    char *small = arena_alloc(&arena, 10);
    assert_non_null(arena_alloc(&arena, 100000)); /* goes behind; the small ones go on where they were */
    assert_ptr_equal(arena_alloc(&arena, 10), small + alignof(max_align_t));
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 10), small);
    arena_done(&arena);
    arena_done(NULL);
}

static void copies(void **state) {
    (void)state;
    struct arena arena = {0};
    char *copy = arena_copy(&arena, "abcdef", 3);
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    assert_string_equal(copy, "abc");
    arena_done(&arena);
}

static void refuses_the_impossible(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2));
    assert_null(arena_copy(&arena, "", SIZE_MAX));
    assert_non_null(arena_alloc(&arena, 1));
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_byte),
        cmocka_unit_test(a_reused_arena_takes_nothing_new),
        cmocka_unit_test(reset_keeps_one_usual_block),
        cmocka_unit_test(copies),
        cmocka_unit_test(refuses_the_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
