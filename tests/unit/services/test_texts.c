/* test_texts.c -- texts that somebody names: a file, a folder, both, neither. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/texts.h"
#include <cmocka.h>

#include "../support/tree.h"

static struct texts texts;

static int clean(void **state) {
    texts_done(&texts);
    return tree_remove(state);
}

static enum err_code add(const char *path, struct err *err) {
    return texts_add(&texts, tree_path(path), "_spec.lua", err);
}

static void assert_texts(const char *const *paths, size_t count) {
    assert_int_equal(texts.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(texts.list[i].path, tree_path(paths[i]));
}

#define ASSERT_TEXTS(...)                                                                                    \
    assert_texts((const char *const[]){__VA_ARGS__},                                                         \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void fill(void) {
    tree_sh("mkdir -p a/b .hidden");
    tree_put("z_spec.lua", "return 'z'\n");
    tree_put("a/b/x_spec.lua", "return 'x'\n");
    tree_put("a/y_spec.lua", "return 'y'\n");
    tree_put("a/other.lua", "return 0\n");
    tree_put(".hidden/h_spec.lua", "return 0\n");
}

static void test_a_folder_gives_all_below_it_in_order(void **state) {
    (void)state;
    struct err err;
    fill();
    assert_int_equal(texts_add(&texts, tree, "_spec.lua", &err), ERR_OK);
    ASSERT_TEXTS("a/b/x_spec.lua", "a/y_spec.lua", "z_spec.lua");
    assert_string_equal(texts.list[1].text, "return 'y'\n");
    assert_int_equal(texts.list[1].len, strlen("return 'y'\n"));
}

static void test_a_file_is_taken_whatever_its_name(void **state) {
    (void)state;
    struct err err;
    fill();
    assert_int_equal(add("a/other.lua", &err), ERR_OK);
    ASSERT_TEXTS("a/other.lua");
}

static void test_what_is_named_twice_is_there_once(void **state) {
    (void)state;
    struct err err;
    fill();
    assert_int_equal(add("z_spec.lua", &err), ERR_OK);
    assert_int_equal(add("a", &err), ERR_OK);
    assert_int_equal(texts_add(&texts, tree, "_spec.lua", &err), ERR_OK);
    ASSERT_TEXTS("z_spec.lua", "a/b/x_spec.lua", "a/y_spec.lua");
}

static void test_what_is_not_there_is_told(void **state) {
    (void)state;
    struct err err;
    int descriptors = tree_descriptors();
    assert_int_equal(add("nothing", &err), ERR_SYSTEM);
    assert_non_null(strstr(err.text, "/nothing: No such file"));
    tree_put("empty_spec.lua", "");
    assert_int_equal(add("empty_spec.lua", &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "empty_spec.lua:1: "));
    assert_int_equal(texts.count, 0);
    assert_int_equal(tree_descriptors(), descriptors);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_folder_gives_all_below_it_in_order, tree_make, clean),
        cmocka_unit_test_setup_teardown(test_a_file_is_taken_whatever_its_name, tree_make, clean),
        cmocka_unit_test_setup_teardown(test_what_is_named_twice_is_there_once, tree_make, clean),
        cmocka_unit_test_setup_teardown(test_what_is_not_there_is_told, tree_make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
