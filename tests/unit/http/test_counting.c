/* What a server counts: every request once, by how it ended, whoever answered it. */

#include "../../../core/exchange/route_names.h"
#include "../../../core/http/edges.h"
#include "../../../core/http/traffic.h"
#include "world.h"

static struct traffic *traffic;
static struct edges *edges;

static int open_counted(void **state) {
    struct server_options options = options_usual();
    struct edges_options edge = {.connections_per_address = 3, .trusted_proxies = "", .cors_origins = ""};
    (void)state;
    assert_int_equal(traffic_new(&traffic, NULL), ERR_OK);
    assert_int_equal(edges_new(&edges, &edge, NULL), ERR_OK);
    options.traffic = traffic;
    options.edges = edges;
    world_open(options);
    return 0;
}

static int close_counted(void **state) {
    world_close(state);
    traffic_free(traffic);
    edges_free(edges);
    return 0;
}

/* How many of that kind there were; `status` 0: of any. */
static uint64_t counted(enum method method, int status) {
    const struct traffic *const all[] = {traffic};
    struct traffic_kind *kinds = NULL;
    size_t count = 0;
    uint64_t sum = 0;
    assert_int_equal(traffic_sum(all, 1, &kinds, &count, NULL), ERR_OK);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= METER_BOUNDS; j++)
            if (kinds[i].method == method && (status == 0 || kinds[i].status == status))
                sum += kinds[i].durations.within[j];
    free(kinds);
    return sum;
}

static void each_request_counts_once(void **state) {
    struct client *client = client_new();
    (void)state;
    for (int i = 0; i < 5; i++)
        reply_to(client, GET("/echo"));
    for (int i = 0; i < 3; i++)
        reply_to(client, GET("/later"));
    reply_to(client, "POST /status/422 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab");
    UNTIL(meter_read(&traffic->active) == 0);
    assert_int_equal(counted(METHOD_GET, 200), 8);
    assert_int_equal(counted(METHOD_POST, 422), 1);
    assert_int_equal(counted(METHOD_POST, 0), 1);
    client_free(client);
}

static void answers_that_stand_count_as_well(void **state) {
    struct client *client = client_new();
    (void)state;
    for (int i = 0; i < 7; i++)
        reply_to(client, GET("/stands"));
    UNTIL(meter_read(&traffic->active) == 0);
    assert_int_equal(world.started, 1);
    assert_int_equal(meter_read(&traffic->kept), 6);
    assert_int_equal(counted(METHOD_GET, 200), 7);
    client_free(client);
}

static void what_is_refused_counts_too(void **state) {
    struct client *client = client_new(), *other = client_new();
    (void)state;
    assert_int_equal(reply_to(client, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
    assert_int_equal(reply_to(other, "BREW / HTTP/1.1\r\n" HOST "\r\n").status, 501);
    UNTIL(meter_read(&traffic->connections) == 0 || (client_is_closed(client) && client_is_closed(other)));
    UNTIL(counted(METHOD_GET, 400) == 1 && counted(METHOD_COUNT, 501) == 1);
    client_free(client);
    client_free(other);
}

static void who_went_counts_as_499(void **state) {
    struct client *client = client_new();
    (void)state;
    client_say(client, GET("/never"));
    UNTIL(world.held);
    assert_int_equal(meter_read(&traffic->active), 1);
    assert_int_equal(meter_read(&traffic->connections), 1);
    client_free(client);
    UNTIL(counted(METHOD_GET, 499) == 1);
    UNTIL(meter_read(&traffic->active) == 0 && meter_read(&traffic->connections) == 0);
}

static void half_a_head_is_no_request(void **state) {
    struct client *client = client_new();
    (void)state;
    client_say(client, "GET /echo HTTP/1.1\r\nHost:");
    UNTIL(meter_read(&traffic->connections) == 1);
    client_free(client);
    UNTIL(meter_read(&traffic->connections) == 0);
    assert_int_equal(counted(METHOD_GET, 0), 0);
    assert_int_equal(counted(METHOD_COUNT, 0), 0);
}

static void who_is_too_many_is_told_and_counted(void **state) {
    struct client *clients[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        clients[i] = client_new();
    UNTIL(counted(METHOD_COUNT, 429) == 1);
    assert_int_equal(meter_read(&traffic->connections), 3);
    for (int i = 0; i < 4; i++)
        client_free(clients[i]);
}

static void time_is_counted_where_it_passes(void **state) {
    const struct traffic *const all[] = {traffic};
    struct client *client = client_new();
    struct traffic_kind *kinds = NULL;
    size_t count = 0;
    (void)state;
    reply_to(client, GET("/later")); /* 20 ms */
    UNTIL(meter_read(&traffic->active) == 0);
    assert_int_equal(traffic_sum(all, 1, &kinds, &count, NULL), ERR_OK);
    assert_int_equal(count, 1);
    assert_in_range(kinds[0].durations.sum, 19 * MS, 5000 * MS);
    assert_int_equal(kinds[0].durations.within[0], 0);
    free(kinds);
    client_free(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_counted, close_counted)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_request_counts_once),        TEST(answers_that_stand_count_as_well),
        TEST(what_is_refused_counts_too),      TEST(who_went_counts_as_499),
        TEST(half_a_head_is_no_request),       TEST(who_is_too_many_is_told_and_counted),
        TEST(time_is_counted_where_it_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
