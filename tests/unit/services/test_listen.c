/* test_listen.c -- what other sessions NOTIFY is heard, its own connection included, and again after the
 * connection was lost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/pool_rig.h"

#include "../../../core/services/db/listen.h"

static struct {
    char payloads[4][9000];
    unsigned heard, connected;
} seen;

static void heard(void *ctx, const char *payload) {
    assert_ptr_equal(ctx, &seen);
    snprintf(seen.payloads[seen.heard++ % 4], sizeof seen.payloads[0], "%s", payload);
}

static void connected(void *ctx) {
    assert_ptr_equal(ctx, &seen);
    seen.connected++;
}

/* A channel is the database's, and its tests may run beside each other. */
static struct listen *open_listen(void) {
    static char channel[80];
    struct listen *listen = NULL;
    memset(&seen, 0, sizeof seen);
    snprintf(channel, sizeof channel, "%s", rig.name);
    struct listen_options options = {
        .share = rig.share, .channel = channel, .heard = heard, .connected = connected, .ctx = &seen};
    assert_int_equal(listen_open(&listen, &options, NULL), ERR_OK);
    RIG_UNTIL(seen.connected == 1);
    return listen;
}

static void notify(const char *what) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT pg_notify('%s', %s)", rig.name, what);
    rig_exec(sql);
}

static void test_hears_in_order(void **state) {
    (void)state;
    RIG(rig_options());
    struct listen *listen = open_listen();
    notify("'one'");
    notify("''");
    notify("repeat('x', 7999)");
    RIG_UNTIL(seen.heard == 3);
    assert_string_equal(seen.payloads[0], "one");
    assert_string_equal(seen.payloads[1], "");
    assert_int_equal(strlen(seen.payloads[2]), 7999);
    listen_close(listen);
}

static void test_is_no_part_of_readiness(void **state) {
    (void)state;
    RIG(rig_options());
    unsigned before = rig_counts().connected;
    struct listen *listen = open_listen();
    assert_int_equal(rig_counts().connected, before + 1);
    assert_true(pool_ready(rig.pool));
    listen_close(listen);
    assert_true(pool_ready(rig.pool));
}

static void test_hears_again_after_a_loss(void **state) {
    (void)state;
    char sql[300];
    RIG(rig_options());
    struct listen *listen = open_listen();
    snprintf(sql, sizeof sql,
             "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
             " WHERE application_name = 'plateia_unit_%d' AND query LIKE 'LISTEN%%'",
             (int)getpid());
    assert_int_equal(rig_number(sql), 1);
    RIG_UNTIL(seen.connected == 2);
    assert_true(pool_ready(rig.pool));
    notify("'again'");
    RIG_UNTIL(seen.heard == 1);
    assert_string_equal(seen.payloads[0], "again");
    listen_close(listen);
}

static void test_closes_while_it_connects(void **state) {
    (void)state;
    RIG(rig_options());
    struct listen *listen = NULL;
    struct listen_options options = {
        .share = rig.share, .channel = "never", .heard = heard, .connected = connected, .ctx = &seen};
    memset(&seen, 0, sizeof seen);
    assert_int_equal(listen_open(&listen, &options, NULL), ERR_OK);
    listen_close(listen);
    RIG_UNTIL(rig_counts().connected == rig_options().leases + 2);
    assert_int_equal(seen.connected, 0);
    listen_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_hears_in_order, rig_close),
        cmocka_unit_test_teardown(test_is_no_part_of_readiness, rig_close),
        cmocka_unit_test_teardown(test_hears_again_after_a_loss, rig_close),
        cmocka_unit_test_teardown(test_closes_while_it_connects, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
