/* Requests and answers, over real sockets. */

#include "../../../core/base/log.h"
#include "../../../core/base/text.h"
#include "world.h"

static void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("no %s in %s", part, text);
}

static void one_connection_serves_many_requests(void **state) {
    struct client *client = client_new();
    char id[64];
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct reply reply = reply_to(client, GET("/echo?a=%20b"));
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body,
                            "{\"method\":\"GET\",\"path\":\"/echo\",\"query\":\"a=%20b\",\"body\":\"\"}");
        assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
        assert_null(reply_header(&reply, "Connection"));
        assert_int_equal(strlen(reply_header(&reply, "X-Request-Id")), 32);
        if (i > 0) assert_string_not_equal(reply_header(&reply, "X-Request-Id"), id);
        snprintf(id, sizeof(id), "%s", reply_header(&reply, "X-Request-Id"));
    }
    assert_int_equal(server_connections(world.server), 1);
    client_free(client);
    UNTIL(server_connections(world.server) == 0);
}

static void the_clients_id_comes_back(void **state) {
    struct client *client = client_new();
    (void)state;
    struct reply reply = reply_to(client, "GET /echo HTTP/1.1\r\n" HOST "X-Request-Id: mine.7 \r\n\r\n");
    assert_string_equal(reply_header(&reply, "X-Request-Id"), "mine.7");
    reply = reply_to(client, "GET /echo HTTP/1.1\r\n" HOST "X-Request-Id: <bad>\r\n\r\n");
    assert_int_equal(strlen(reply_header(&reply, "X-Request-Id")), 32);
    client_free(client);
}

static void handlers_may_wait(void **state) {
    struct client *client = client_new();
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct reply reply = reply_to(client, GET("/later"));
        assert_int_equal(reply.status, 200);
        assert_contains(reply.body, "/later");
        reply = reply_to(client, GET("/ready"));
        assert_contains(reply.body, "/ready");
    }
    struct reply reply = reply_to(client, GET("/much")); /* long enough for its client to be watched */
    assert_contains(reply.body, "/much");
    reply = reply_to(client, GET("/echo"));
    assert_int_equal(reply.status, 200);
    assert_int_equal(world.cancelled, 0);
    client_free(client);
}

static void answers_wait_no_tick(void **state) {
    struct client *client = client_new();
    int64_t started_ns = clock_ns();
    (void)state;
    for (int i = 0; i < 10; i++)
        reply_to(client, GET("/later"));
    int64_t each_ns = (clock_ns() - started_ns) / 10;
    if (each_ns > 45 * MS) fail_msg("20 ms of waiting took %lld ms", (long long)(each_ns / MS));
    client_free(client);
}

static void waits_that_begin_late_in_a_turn_see_the_next(void **state) {
    struct client *client = client_new();
    struct reply reply;
    int64_t started_ns = clock_ns();
    (void)state;
    for (int i = 0; i < 20; i++)
        client_say(client, GET("/turn")); /* all but the first begin while the one before is being sent */
    for (int replies = 0; replies < 20;) {
        reactor_turn(world.reactor, 1000);
        while (reply_there(client, &reply, false))
            replies++;
        assert_in_range(clock_ns() - started_ns, 0, 20 * 25 * MS); /* a tick each would be a second */
    }
    client_free(client);
}

static void pipelined_requests_keep_their_order(void **state) {
    struct client *client = client_new();
    const char *paths[] = {"/echo", "/later", "/ready", "/later", "/echo?last"};
    (void)state;
    client_say(client, GET("/echo") GET("/later") GET("/ready") GET("/later") GET("/echo?last"));
    for (int i = 0; i < 5; i++) {
        struct reply reply = reply_next(client);
        assert_int_equal(reply.status, 200);
        assert_contains(reply.body, i == 4 ? "\"query\":\"last\"" : paths[i]);
    }
    client_free(client);
}

static void many_wait_at_once(void **state) {
    struct client *clients[60];
    (void)state;
    for (int i = 0; i < 60; i++)
        client_say(clients[i] = client_new(), GET("/later"));
    for (int i = 0; i < 60; i++) {
        struct reply reply = reply_next(clients[i]);
        assert_int_equal(reply.status, 200);
    }
    UNTIL(server_pending(world.server) == 0);
    for (int i = 0; i < 60; i++)
        client_free(clients[i]);
}

/* ---- answers that stand ---- */

static void assert_same_but_id(const struct reply *one, const struct reply *other) {
    char ids[2][64], heads[2][sizeof one->head];
    const struct reply *replies[] = {one, other};
    for (int i = 0; i < 2; i++) {
        snprintf(ids[i], sizeof ids[i], "X-Request-Id: %s", reply_header(replies[i], "X-Request-Id"));
        snprintf(heads[i], sizeof heads[i], "%s", strstr(replies[i]->head, "X-Made"));
        char *id = strstr(heads[i], ids[i]);
        assert_non_null(id);
        memset(id, '.', strlen(ids[i]));
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_equal(heads[0], heads[1]);
    assert_int_equal(one->status, other->status);
    assert_string_equal(one->body, other->body);
}

static void an_answer_that_stands_is_given_again(void **state) {
    struct client *client = client_new(), *other = client_new();
    (void)state;
    struct reply first = reply_to(client, GET("/stands?a"));
    for (int i = 0; i < 3; i++) {
        struct reply again = reply_to(i == 1 ? other : client, GET("/stands?a"));
        assert_same_but_id(&first, &again);
    }
    assert_int_equal(world.started, 1);
    struct reply reply = reply_to(client, GET("/stands?b"));
    assert_contains(reply.body, "\"query\":\"b\"");
    assert_int_equal(world.started, 2);
    atomic_fetch_add(&world.changes, 1);
    reply = reply_to(client, GET("/stands?a"));
    assert_int_equal(world.started, 3);
    world.generation++;
    reply_to(client, GET("/stands?a"));
    assert_int_equal(world.started, 4);
    client_free(client);
    client_free(other);
}

static void so_are_heads_and_those_without_a_body(void **state) {
    struct client *client = client_new();
    struct reply reply, again;
    (void)state;
    reply = reply_to(client, GET("/stands"));
    client_say(client, "HEAD /stands HTTP/1.1\r\n" HOST "\r\n");
    UNTIL(reply_there(client, &again, true));
    snprintf(again.body, sizeof again.body, "%s", reply.body);
    assert_same_but_id(&reply, &again);
    const char *conditional = "GET /stands HTTP/1.1\r\n" HOST "If-None-Match: \"1\"\r\n\r\n";
    client_say(client, conditional);
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 304);
    assert_int_equal(world.started, 2);
    client_say(client, conditional);
    UNTIL(reply_there(client, &again, true));
    assert_same_but_id(&reply, &again);
    assert_int_equal(world.started, 2);
    client_free(client);
}

/* The head of each is written before the next one's id is put in. */
static void pipelined_ones_have_each_their_own_id(void **state) {
    struct client *client = client_new();
    char last[64] = "";
    (void)state;
    client_say(client, GET("/stands") GET("/stands") GET("/stands") GET("/stands"));
    for (int i = 0; i < 4; i++) {
        struct reply reply = reply_next(client);
        assert_string_not_equal(reply_header(&reply, "X-Request-Id"), last);
        snprintf(last, sizeof last, "%s", reply_header(&reply, "X-Request-Id"));
    }
    assert_int_equal(world.started, 1);
    client_free(client);
}

static void an_id_of_another_length_goes_the_long_way(void **state) {
    struct client *client = client_new();
    const char *own = "GET /stands HTTP/1.1\r\n" HOST "X-Request-Id: mine.7\r\n\r\n";
    (void)state;
    reply_to(client, own);
    reply_to(client, GET("/stands"));
    assert_int_equal(world.started, 2);
    struct reply reply = reply_to(client, own);
    assert_string_equal(reply_header(&reply, "X-Request-Id"), "mine.7");
    assert_int_equal(world.started, 3);
    reply = reply_to(client, "GET /stands HTTP/1.1\r\n" HOST
                             "X-Request-Id: 0123456789-0123456789-0123456789\r\n\r\n");
    assert_string_equal(reply_header(&reply, "X-Request-Id"), "0123456789-0123456789-0123456789");
    assert_int_equal(world.started, 3);
    client_free(client);
}

static void a_bad_head_is_refused_all_the_same(void **state) {
    struct client *client = client_new();
    (void)state;
    reply_to(client, GET("/stands"));
    struct reply reply = reply_to(client, "GET /stands HTTP/1.1\r\n" HOST HOST "\r\n");
    assert_int_equal(reply.status, 400);
    client_free(client);
}

static void none_is_given_again_by_a_server_that_ends(void **state) {
    struct client *client = client_new();
    (void)state;
    reply_to(client, GET("/stands"));
    client_say(client, "GET /stands HTTP/1.1\r\n");
    UNTIL(server_pending(world.server) == 1);
    server_drain(world.server);
    struct reply reply = reply_to(client, HOST "\r\n");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "Connection"), "close");
    client_free(client);
}

static void bodies_arrive_whole(void **state) {
    struct client *client = client_new();
    (void)state;
    client_say(client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhel");
    UNTIL(server_pending(world.server) == 1);
    client_say(client, "lo w");
    turn(3);
    struct reply reply = reply_to(client, "orld");
    assert_contains(reply.body, "\"body\":\"hello world\"");
    reply = reply_to(client, "PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
    assert_contains(reply.body, "\"method\":\"PUT\"");
    client_free(client);
}

static void large_bodies_and_answers_pass(void **state) {
    static char body[100000];
    struct client *client = client_new();
    (void)state;
    memset(body, 'x', sizeof(body));
    client_say(client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    client_send(client, body, sizeof(body));
    struct reply reply = reply_next(client);
    assert_true(reply.body_len > 100000);
    reply = reply_to(client, GET("/big"));
    assert_int_equal(reply.body_len, BIG);
    reply = reply_to(client, GET("/echo"));
    assert_int_equal(reply.status, 200);
    client_free(client);
}

static void continue_is_said_before_a_body(void **state) {
    struct client *client = client_new();
    struct reply reply;
    (void)state;
    client_say(client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 100);
    reply = reply_to(client, "ok");
    assert_contains(reply.body, "\"body\":\"ok\"");
    client_free(client);
}

static void some_answers_have_no_body(void **state) {
    struct client *client = client_new();
    struct reply reply;
    (void)state;
    client_say(client, "HEAD /echo HTTP/1.1\r\n" HOST "\r\n");
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 200);
    assert_int_equal(atoi(reply_header(&reply, "Content-Length")),
                     (int)strlen("{\"method\":\"HEAD\",\"path\":\"/echo\",\"query\":\"\",\"body\":\"\"}"));
    client_say(client, GET("/status/204"));
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 204);
    assert_null(reply_header(&reply, "Content-Length"));
    client_say(client, GET("/status/304"));
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(reply.status, 304);
    reply = reply_to(client, GET("/echo")); /* nothing was left over between them */
    assert_int_equal(reply.status, 200);
    client_free(client);
}

static void lent_bytes_are_sent_as_they_are(void **state) {
    struct client *client = client_new();
    struct reply reply;
    (void)state;
    for (int i = 0; i < 2; i++) {
        reply = reply_to(client, GET("/lent"));
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, LENT);
    }
    client_say(client, "HEAD /lent HTTP/1.1\r\n" HOST "\r\n");
    UNTIL(reply_there(client, &reply, true));
    assert_int_equal(atoi(reply_header(&reply, "Content-Length")), (int)strlen(LENT));
    reply = reply_to(client, GET("/echo"));
    assert_int_equal(reply.status, 200);
    client_free(client);
}

static void handlers_headers_stand(void **state) {
    struct client *client = client_new();
    (void)state;
    struct reply reply = reply_to(client, GET("/plain"));
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply.body, "plain");
    assert_string_equal(reply_header(&reply, "Content-Type"), "text/plain");
    assert_string_equal(reply_header(&reply, "X-One"), "1");
    assert_string_equal(reply_header(&reply, "X-Two"), "2");
    assert_null(strstr(reply.head, "application/json"));
    client_free(client);
}

static void an_impossible_status_is_a_500(void **state) {
    struct client *client = client_new();
    const char *paths[] = {GET("/status/0"), GET("/status/99"), GET("/status/150"), GET("/status/600")};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct reply reply = reply_to(client, paths[i]);
        assert_int_equal(reply.status, 500);
        assert_string_equal(reply.body, "{\"detail\":\"Internal Server Error\"}");
    }
    client_free(client);
}

static void old_clients_are_served(void **state) {
    struct client *client = client_new();
    (void)state;
    struct reply reply = reply_to(client, "GET /echo HTTP/1.0\r\n\r\n");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "Connection"), "close");
    UNTIL(client_is_closed(client));
    client_free(client);
}

/* Each is refused in our own words, closes, and starts no handler; nor does what hides behind it. */
static void refused_heads_close(void **state) {
    static const struct {
        int status;
        const char *text;
    } table[] = {
        {411, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/hidden")},
        {411, "POST /echo HTTP/1.1\r\n" HOST
              "Content-Length: 4\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" GET("/hidden")},
        {413, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n" GET("/hidden")},
        {413, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n"},
        {400,
         "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\na" GET("/hidden")},
        {400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length : 34\r\n\r\n" GET("/hidden")},
        {400, "GET /echo HTTP/1.1\r\n" HOST "X: a\r\n Content-Length: 35\r\n\r\n" GET("/hidden")},
        {400, "GET /echo HTTP/1.1\r\n\r\n" GET("/hidden")},
        {400, "GET /echo HTTP/1.1\r\n" HOST HOST "\r\n" GET("/hidden")},
        {400, "GET /e cho HTTP/1.1\r\n" HOST "\r\n" GET("/hidden")},
        {400, "GET /echo HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n" GET("/hidden")},
        {417, "POST /echo HTTP/1.1\r\n" HOST "Expect: gold\r\nContent-Length: 1\r\n\r\na" GET("/hidden")},
        {501, "TRACE /echo HTTP/1.1\r\n" HOST "\r\n" GET("/hidden")},
        {501, "BREW /echo HTTP/1.1\r\n" HOST "\r\n" GET("/hidden")},
        {505, "GET /echo HTTP/1.9\r\n" HOST "\r\n" GET("/hidden")},
    };
    (void)state;
    world.generation = 7;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct client *client = client_new();
        struct reply reply = reply_to(client, table[i].text);
        if (reply.status != table[i].status) fail_msg("row %zu: %d", i, reply.status);
        assert_contains(reply.body, "{\"detail\":\"");
        assert_contains(reply.body, "\",\"generation\":7}");
        assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
        assert_string_equal(reply_header(&reply, "Connection"), "close");
        assert_int_equal(strlen(reply_header(&reply, "X-Request-Id")), 32);
        UNTIL(client_is_closed(client));
        assert_int_equal(client->len, 0);
        client_free(client);
    }
    assert_int_equal(world.started, 0);
}

/* The library refuses some heads in words of its own. We only must not lose anything by it. */
static void the_librarys_refusals_leave_nothing_behind(void **state) {
    static char large[20000];
    const char *texts[] = {"GET /echo HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
                           "POST /echo HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n",
                           "GET /echo HTTP/3.0\r\n" HOST "\r\n",
                           "GET /echo\r\n\r\n",
                           "nonsense\r\n\r\n",
                           "GET \r\n\r\n",
                           "GET /echo HTTP/1.1\r\n" HOST "X: ",
                           "GET /"};
    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct client *client = client_new();
        client_say(client, texts[i]);
        if (i >= sizeof(texts) / sizeof(*texts) - 2) client_say(client, large);
        UNTIL(client_is_closed(client));
        client_free(client);
    }
    UNTIL(server_connections(world.server) == 0);
    assert_int_equal(server_pending(world.server), 0);
    assert_int_equal(world.started, 0);
}

static void options_reach_the_handler(void **state) {
    struct client *client = client_new();
    (void)state;
    struct reply reply = reply_to(client, "OPTIONS /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_contains(reply.body, "\"method\":\"OPTIONS\"");
    client_free(client);
}

static void raw_paths_are_kept(void **state) {
    struct client *client = client_new();
    (void)state;
    struct reply reply = reply_to(client, GET("/a%00b%2Fc%?d=%00"));
    assert_contains(reply.body, "\"path\":\"/a%00b%2Fc%\",\"query\":\"d=%00\"");
    reply = reply_to(client, GET("http://h/abs?q"));
    assert_contains(reply.body, "\"path\":\"/abs\",\"query\":\"q\"");
    client_free(client);
}

static void the_log_has_a_line_each(void **state) {
    struct server_options options = options_usual();
    struct client *client;
    int ends[2];
    char lines[4096];
    (void)state;
    options.access_log = true;
    world_open(options);
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    client = client_new();
    reply_to(client, GET("/echo?secret"));
    reply_to(client, "BREW /x HTTP/1.1\r\n" HOST "\r\n");
    UNTIL(server_pending(world.server) == 0);
    client_free(client);
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    close(ends[1]);
    ssize_t len = read(ends[0], lines, sizeof(lines) - 1);
    close(ends[0]);
    assert_true(len > 0);
    lines[len] = '\0';
    assert_contains(lines, "\"path\":\"/echo\"");
    assert_contains(lines, "\"status\":200");
    assert_contains(lines, "\"status\":501");
    assert_contains(lines, "\"peer\":\"127.0.0.1\"");
    assert_null(strstr(lines, "secret"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_usual, world_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_connection_serves_many_requests),
        TEST(the_clients_id_comes_back),
        TEST(handlers_may_wait),
        TEST(answers_wait_no_tick),
        TEST(waits_that_begin_late_in_a_turn_see_the_next),
        TEST(pipelined_requests_keep_their_order),
        TEST(many_wait_at_once),
        TEST(an_answer_that_stands_is_given_again),
        TEST(so_are_heads_and_those_without_a_body),
        TEST(pipelined_ones_have_each_their_own_id),
        TEST(an_id_of_another_length_goes_the_long_way),
        TEST(a_bad_head_is_refused_all_the_same),
        TEST(none_is_given_again_by_a_server_that_ends),
        TEST(bodies_arrive_whole),
        TEST(large_bodies_and_answers_pass),
        TEST(continue_is_said_before_a_body),
        TEST(some_answers_have_no_body),
        TEST(lent_bytes_are_sent_as_they_are),
        TEST(handlers_headers_stand),
        TEST(an_impossible_status_is_a_500),
        TEST(old_clients_are_served),
        TEST(refused_heads_close),
        TEST(the_librarys_refusals_leave_nothing_behind),
        TEST(options_reach_the_handler),
        TEST(raw_paths_are_kept),
        cmocka_unit_test_teardown(the_log_has_a_line_each, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
