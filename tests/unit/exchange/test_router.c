/* Which route a path finds, and which templates are refused. */

#include "../../../core/exchange/router.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct router *router;
static struct arena arena;
static struct route_match match;

static int set_up(void **state) {
    (void)state;
    return router_new(&router, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    router_free(router);
    arena_done(&arena);
    return 0;
}

static void add(enum method method, const char *template, int route) {
    assert_int_equal(router_add(router, method, template, route, NULL), ERR_OK);
}

static enum router_result find(enum method method, const char *path) {
    return router_match(router, method, path, &arena, &match);
}

static void assert_found(enum method method, const char *path, int route) {
    assert_int_equal(find(method, path), ROUTER_FOUND);
    assert_int_equal(match.route, route);
}

static void assert_missing(const char *path) {
    assert_int_equal(find(METHOD_GET, path), ROUTER_NO_PATH);
}

static void literals_beat_parameters(void **state) {
    (void)state;
    add(METHOD_GET, "/things/{id}", 1); /* the parameter first: the order makes no difference */
    add(METHOD_GET, "/things/top", 2);
    add(METHOD_GET, "/", 3);
    assert_found(METHOD_GET, "/things/top", 2);
    assert_int_equal(match.param_count, 0);
    assert_found(METHOD_GET, "/things/topp", 1);
    assert_string_equal(match.params[0], "topp");
    assert_string_equal(match.template, "/things/{id}");
    assert_found(METHOD_GET, "/", 3);
}

static void a_literal_that_leads_nowhere_is_left_again(void **state) {
    (void)state;
    add(METHOD_GET, "/a/top/x", 1);
    add(METHOD_GET, "/a/{id}/b", 2);
    add(METHOD_GET, "/a/{id}/{more}/c", 3);
    assert_found(METHOD_GET, "/a/top/b", 2);
    assert_int_equal(match.param_count, 1);
    assert_string_equal(match.params[0], "top");
    assert_found(METHOD_GET, "/a/top/x/c", 3);
    assert_string_equal(match.params[1], "x");
    assert_missing("/a/top");
    assert_missing("/a/top/b/d");
}

static void a_literal_without_the_method_is_left_again(void **state) {
    (void)state;
    add(METHOD_POST, "/a/top", 1);
    add(METHOD_GET, "/a/{id}", 2);
    assert_found(METHOD_GET, "/a/top", 2);
    assert_found(METHOD_POST, "/a/top", 1);
    assert_int_equal(find(METHOD_DELETE, "/a/top"), ROUTER_NO_METHOD);
    assert_int_equal(match.allowed, 1u << METHOD_POST | 1u << METHOD_GET | 1u << METHOD_HEAD);
    assert_int_equal(find(METHOD_POST, "/a/other"), ROUTER_NO_METHOD);
    assert_int_equal(match.allowed, 1u << METHOD_GET | 1u << METHOD_HEAD);
}

static void segments_are_decoded_after_splitting(void **state) {
    (void)state;
    add(METHOD_GET, "/things/{id}", 1);
    add(METHOD_GET, "/caf\xc3\xa9", 2);
    assert_found(METHOD_GET, "/things/a%2Fb", 1);
    assert_string_equal(match.params[0], "a/b");
    assert_found(METHOD_GET, "/%74hings/%7Bid%7D", 1);
    assert_string_equal(match.params[0], "{id}");
    assert_found(METHOD_GET, "/things/a+b", 1);
    assert_string_equal(match.params[0], "a+b");
    assert_found(METHOD_GET, "/caf%C3%A9", 2);
    assert_found(METHOD_GET, "/things/..", 1);
}

static void bad_paths_are_told_apart(void **state) {
    const char *bad[] = {"/things/%",
                         "/things/%2",
                         "/things/%zz",
                         "/things/%00",
                         "/things/\xff",
                         "/things/%C3",
                         "/unknown/%",
                         "things/1",
                         "",
                         "*"};
    (void)state;
    add(METHOD_GET, "/things/{id}", 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(find(METHOD_GET, bad[i]), ROUTER_BAD_PATH);
}

static void head_falls_back_to_get(void **state) {
    (void)state;
    add(METHOD_GET, "/a", 1);
    add(METHOD_GET, "/b", 2);
    add(METHOD_HEAD, "/b", 3);
    add(METHOD_POST, "/c", 4);
    assert_found(METHOD_HEAD, "/a", 1);
    assert_found(METHOD_HEAD, "/b", 3);
    assert_int_equal(find(METHOD_HEAD, "/c"), ROUTER_NO_METHOD);
    assert_int_equal(match.allowed, 1u << METHOD_POST);
}

static void empty_segments_match_nothing(void **state) {
    (void)state;
    add(METHOD_GET, "/a", 1);
    add(METHOD_GET, "/a/{id}", 2);
    assert_missing("/a/");
    assert_missing("//a");
    assert_missing("/a//");
    assert_missing("//");
    assert_missing("/A");
    assert_missing("/");
}

static void shapes_conflict_whatever_their_names(void **state) {
    struct err err;
    (void)state;
    add(METHOD_GET, "/a/{id}", 1);
    assert_int_equal(router_add(router, METHOD_GET, "/a/{name}", 2, &err), ERR_EXISTS);
    assert_non_null(strstr(err.text, "/a/{id}"));
    assert_int_equal(router_add(router, METHOD_GET, "/a/{id}", 2, NULL), ERR_EXISTS);
    add(METHOD_DELETE, "/a/{name}", 3); /* another method is no conflict, and keeps its own template */
    assert_found(METHOD_DELETE, "/a/7", 3);
    assert_string_equal(match.template, "/a/{name}");
    assert_found(METHOD_GET, "/a/7", 1);
}

static void malformed_templates_are_refused(void **state) {
    const char *bad[] = {"",        "a",         "{id}",         "/a/",    "//a",        "/a//b", "/{}",
                         "/{id",    "/id}",      "/x{id}",       "/{id}x", "/{a b}",     "/{9a}", "/a b",
                         "/a%20b",  "/a?b",      "/a#b",         "/{a-b}", "/{id}/{id}", "/\xff", "/a\n",
                         "/{{id}}", "/a/{a}{b}", "/{a}/{b}/{a}", "/ "};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct err err;
        assert_int_equal(router_add(router, METHOD_GET, bad[i], 1, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, bad[i]));
    }
}

static void parameters_have_a_limit(void **state) {
    (void)state;
    add(METHOD_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", 1);
    assert_found(METHOD_GET, "/1/2/3/4/5/6/7/8", 1);
    assert_int_equal(match.param_count, ROUTER_MAX_PARAMS);
    assert_string_equal(match.params[7], "8");
    assert_int_equal(router_add(router, METHOD_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", 1, NULL),
                     ERR_INVALID);
}

static void deep_paths_are_no_work(void **state) {
    static char deep[16384];
    char template[3 * 33 + 1] = "";
    (void)state;
    for (int i = 0; i < 32; i++)
        strcat(template, "/ab");
    add(METHOD_GET, template, 1);
    assert_found(METHOD_GET, template, 1);
    strcat(template, "/ab");
    assert_missing(template);
    assert_int_equal(router_add(router, METHOD_GET, template, 1, NULL), ERR_INVALID);
    memset(deep, '/', sizeof(deep) - 1);
    assert_missing(deep);
}

static void freeing_nothing_is_fine(void **state) {
    (void)state;
    router_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(literals_beat_parameters),
        TEST(a_literal_that_leads_nowhere_is_left_again),
        TEST(a_literal_without_the_method_is_left_again),
        TEST(segments_are_decoded_after_splitting),
        TEST(bad_paths_are_told_apart),
        TEST(head_falls_back_to_get),
        TEST(empty_segments_match_nothing),
        TEST(shapes_conflict_whatever_their_names),
        TEST(malformed_templates_are_refused),
        TEST(parameters_have_a_limit),
        TEST(deep_paths_are_no_work),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
