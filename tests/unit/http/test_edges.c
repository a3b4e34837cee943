/* test_edges.c -- networks, who is believed about the client's address, connections an address, CORS,
 * headers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/http/edges.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct ip ip(const char *text) {
    struct ip ret;
    assert_true(ip_parse(text, strlen(text), &ret));
    return ret;
}

static struct edges *edges_with(unsigned most, const char *proxies, const char *origins) {
    struct edges_options options = {most, proxies, origins};
    struct edges *edges = NULL;
    struct err err = {0};
    if (edges_new(&edges, &options, &err) != ERR_OK) fail_msg("%s", err.text);
    return edges;
}

/* ---- networks ---- */

static void addresses_are_read(void **state) {
    (void)state;
    struct ip got;
    static const char *const wrong[] = {"",           "1.2.3", "1.2.3.4.5", "256.1.1.1",
                                        "1.2.3.4:80", "[::1]", "::g",       "a"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(ip_parse(wrong[i], strlen(wrong[i]), &got));
    assert_false(ip_parse("1.2.3.4\0", 8, &got));
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304)};
    struct ip from_socket = ip_of((struct sockaddr *)&four), from_text = ip("1.2.3.4"),
              mapped = ip("::ffff:1.2.3.4");
    assert_memory_equal(&from_socket, &from_text, sizeof(got));
    assert_memory_equal(&mapped, &from_text, sizeof(got));
    struct ip house = ip_household(&(struct ip){{0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}});
    struct ip expected = ip("2001:db8:102:304::");
    assert_memory_equal(&house, &expected, sizeof(got));
    house = ip_household(&from_text);
    assert_memory_equal(&house, &from_text, sizeof(got));
}

static void networks_hold_what_they_name(void **state) {
    (void)state;
    static const struct {
        const char *list, *address;
        bool inside;
    } table[] = {
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {" ::1 ,\t10.0.0.0/8 ", "10.1.1.1", true},
        {"", "10.1.1.1", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct network *networks = NULL;
        size_t count = 0;
        struct ip address = ip(table[i].address);
        assert_int_equal(networks_parse(&networks, &count, table[i].list, NULL), ERR_OK);
        if (networks_hold(networks, count, &address) != table[i].inside)
            fail_msg("%s in %s", table[i].address, table[i].list);
        free(networks);
    }
    static const char *const wrong[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                        "::/129",      "localhost", "10.0.0.0/8/8"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct network *networks = NULL;
        size_t count;
        struct err err = {0};
        assert_int_equal(networks_parse(&networks, &count, wrong[i], &err), ERR_INVALID);
        assert_non_null(strstr(err.text, wrong[i]));
    }
}

/* ---- the client behind proxies ---- */

#define LIST     "X-Forwarded-For"
#define STANDARD "forwarded"

static void expect_client(const char *peer, const struct header *headers, size_t count, const char *client) {
    struct edges *edges = edges_with(0, "10.0.0.0/8, 2001:db8::/32", "");
    struct request req = {.headers = headers, .header_count = count, .peer = peer};
    struct ip address = ip(peer);
    edges_client(edges, &address, &req);
    assert_string_equal(req.peer, client);
    arena_done(&req.arena);
    edges_free(edges);
}

static void the_client_is_whom_a_trusted_proxy_names(void **state) {
    (void)state;
    static const struct {
        const char *peer, *name, *value, *client;
    } table[] = {
        {"10.0.0.1", LIST, "192.0.2.7", "192.0.2.7"},
        {"10.0.0.1", LIST, "192.0.2.7:1234", "192.0.2.7"},
        {"10.0.0.1", LIST, "[2a00::1]:1234", "2a00::1"},
        {"10.0.0.1", LIST, "2a00::1", "2a00::1"},
        {"10.0.0.1", LIST, "6.6.6.6, 192.0.2.7", "192.0.2.7"}, /* the front is the client's own word */
        {"10.0.0.1", LIST, "6.6.6.6, 192.0.2.7 , 10.0.0.9", "192.0.2.7"},
        {"10.0.0.1", LIST, "10.0.0.8, 10.0.0.9", "10.0.0.8"},
        {"10.0.0.1", LIST, "rubbish, 10.0.0.9", "10.0.0.9"},
        {"10.0.0.1", LIST, "192.0.2.7, rubbish", "10.0.0.1"},
        {"10.0.0.1", LIST, "", "10.0.0.1"},
        {"10.0.0.1", LIST, ",,,", "10.0.0.1"},
        {"192.0.2.1", LIST, "6.6.6.6", "192.0.2.1"}, /* not a proxy of ours */
        {"2001:db8::5", LIST, "192.0.2.7", "192.0.2.7"},
        {"10.0.0.1", STANDARD, "for=192.0.2.7", "192.0.2.7"},
        {"10.0.0.1", STANDARD, "for=6.6.6.6, proto=https; For=\"[2a00::1]:99\";by=10.0.0.1", "2a00::1"},
        {"10.0.0.1", STANDARD, "for=_hidden", "10.0.0.1"},
        {"10.0.0.1", STANDARD, "proto=https", "10.0.0.1"},
        {"10.0.0.1", STANDARD, "for=\"", "10.0.0.1"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        expect_client(table[i].peer, &(struct header){table[i].name, table[i].value}, 1, table[i].client);
    expect_client("10.0.0.1", NULL, 0, "10.0.0.1");
}

static void several_lines_are_one_list(void **state) {
    (void)state;
    const struct header lines[] = {{LIST, "6.6.6.6"}, {"A", "b"}, {LIST, "192.0.2.7"}, {LIST, "10.0.0.9"}};
    expect_client("10.0.0.1", lines, 4, "192.0.2.7");
    const struct header both[] = {{LIST, "6.6.6.6"}, {STANDARD, "for=192.0.2.7"}};
    expect_client("10.0.0.1", both, 2, "10.0.0.1"); /* one of them was written by the client */
    const struct header agreed[] = {{LIST, "192.0.2.7"}, {STANDARD, "for=192.0.2.7"}};
    expect_client("10.0.0.1", agreed, 2, "192.0.2.7");
}

/* ---- connections ---- */

static void an_address_has_so_many_connections(void **state) {
    (void)state;
    struct edges *edges = edges_with(2, "10.0.0.0/8", "");
    struct ip one = ip("192.0.2.1"), other = ip("192.0.2.2"), proxy = ip("10.1.1.1");
    struct ip six = ip("2a00::1"), neighbour = ip("2a00::2"), far = ip("2a00:0:0:1::1");
    assert_true(edges_enter(edges, &one));
    assert_true(edges_enter(edges, &one));
    assert_false(edges_enter(edges, &one));
    assert_true(edges_enter(edges, &other));
    edges_leave(edges, &one);
    assert_true(edges_enter(edges, &one));
    for (int i = 0; i < 10; i++)
        assert_true(edges_enter(edges, &proxy));
    assert_true(edges_enter(edges, &six));
    assert_true(edges_enter(edges, &neighbour));
    assert_false(edges_enter(edges, &six)); /* one household */
    assert_true(edges_enter(edges, &far));
    edges_free(edges); /* with guests in it: they are freed */

    edges = edges_with(0, "", "");
    for (int i = 0; i < 1000; i++)
        assert_true(edges_enter(edges, &one));
    edges_leave(edges, &one);
    edges_free(edges);
    assert_true(edges_enter(NULL, &one));
}

/* ---- headers ---- */

static const char *find(const struct header *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(headers[i].name, name) == 0) return headers[i].value;
    return NULL;
}

static void every_answer_has_the_calm_headers(void **state) {
    (void)state;
    struct request req = {0};
    struct header got[EDGES_HEADERS];
    size_t count = edges_headers(NULL, &req, got);
    assert_string_equal(find(got, count, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(find(got, count, "Referrer-Policy"), "no-referrer");
    assert_string_equal(find(got, count, "Content-Security-Policy"),
                        "default-src 'none'; frame-ancestors 'none'");
    assert_string_equal(find(got, count, "Cross-Origin-Resource-Policy"), "same-origin");
    assert_int_equal(count, 4);
    answer_header(&req, "content-security-policy", "default-src 'self'");
    assert_null(find(got, edges_headers(NULL, &req, got), "Content-Security-Policy"));
    arena_done(&req.arena);
}

static void only_pages_of_listed_origins_may_read(void **state) {
    (void)state;
    struct edges *edges = edges_with(0, "", "https://a.example, http://localhost:3000");
    struct header origin = {"Origin", "https://a.example"}, got[EDGES_HEADERS];
    struct request req = {.headers = &origin, .header_count = 1};
    size_t count = edges_headers(edges, &req, got);
    assert_string_equal(find(got, count, "Access-Control-Allow-Origin"), "https://a.example");
    assert_string_equal(find(got, count, "Vary"), "Origin");
    assert_string_equal(find(got, count, "Cross-Origin-Resource-Policy"), "cross-origin");
    assert_non_null(strstr(find(got, count, "Access-Control-Expose-Headers"), "ETag"));
    static const char *const strangers[] = {"https://a.example.org", "https://a.exampl", "http://a.example",
                                            "null", ""};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
        origin.value = strangers[i];
        count = edges_headers(edges, &req, got);
        assert_null(find(got, count, "Access-Control-Allow-Origin"));
        assert_string_equal(find(got, count, "Vary"), "Origin");
    }
    edges_free(edges);

    edges = edges_with(0, "", "*");
    count = edges_headers(edges, &req, got);
    assert_string_equal(find(got, count, "Access-Control-Allow-Origin"), "*");
    assert_null(find(got, count, "Vary"));
    edges_free(edges);
}

static void a_preflight_is_answered_here(void **state) {
    (void)state;
    struct edges *edges = edges_with(0, "", "https://a.example"), *without = edges_with(0, "", "");
    struct header headers[] = {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "POST"}};
    struct request req = {.method = METHOD_OPTIONS, .headers = headers, .header_count = 2};
    assert_false(edges_preflight(without, &req));
    assert_false(edges_preflight(NULL, &req));
    req.method = METHOD_GET;
    assert_false(edges_preflight(edges, &req));
    req.method = METHOD_OPTIONS;
    req.header_count = 1;
    assert_false(edges_preflight(edges, &req)); /* a mere OPTIONS */
    req.header_count = 2;
    assert_true(edges_preflight(edges, &req));
    assert_int_equal(req.answer.status, 204);
    assert_non_null(strstr(answer_header_get(&req, "Access-Control-Allow-Methods"), "POST"));
    assert_non_null(strstr(answer_header_get(&req, "Access-Control-Allow-Headers"), "Authorization"));
    answer_reset(&req);
    headers[0].value = "https://b.example";
    assert_true(edges_preflight(edges, &req));
    assert_null(answer_header_get(&req, "Access-Control-Allow-Methods"));
    arena_done(&req.arena);
    edges_free(edges);
    edges_free(without);
}

static void wrong_settings_are_told(void **state) {
    (void)state;
    static const struct edges_options wrong[] = {{0, "10.0.0.0/99", ""},  {0, "", "a.example"},
                                                 {0, "", "https://a/b"},  {0, "", "https://*.example"},
                                                 {0, "", "*, https://a"}, {0, "", "https://"}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct edges *edges = NULL;
        struct err err = {0};
        assert_int_equal(edges_new(&edges, &wrong[i], &err), ERR_INVALID);
        assert_non_null(strstr(err.text, wrong[i].trusted_proxies[0] ? "trusted_proxies" : "cors_origins"));
        assert_null(edges);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(networks_hold_what_they_name),
        cmocka_unit_test(the_client_is_whom_a_trusted_proxy_names),
        cmocka_unit_test(several_lines_are_one_list),
        cmocka_unit_test(an_address_has_so_many_connections),
        cmocka_unit_test(every_answer_has_the_calm_headers),
        cmocka_unit_test(only_pages_of_listed_origins_may_read),
        cmocka_unit_test(a_preflight_is_answered_here),
        cmocka_unit_test(wrong_settings_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
