/* test_migrate.c -- each file once, whole or not at all, whoever else is at it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/migrate.h"
#include "../support/postgres.h"
#include <pthread.h>
#include <unistd.h>

static char folder[64], dir[96];
static struct embedded_postgres *postgres;
static struct session *session;

static int start(void **state) {
    char data[96];
    (void)state;
    if (crypto_open(NULL) != ERR_OK) return 1;
    if (!postgres_is_installed()) return 0;
    folder_make(folder);
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(dir, sizeof dir, "%s/migrations", folder);
    postgres = postgres_start(data);
    session = postgres_session(embedded_postgres_conninfo(postgres));
    return 0;
}

static int stop(void **state) {
    (void)state;
    session_close(session);
    embedded_postgres_stop(postgres);
    folder_remove(folder);
    return 0;
}

/* Before each test: an empty database, an empty folder. */
static int fresh(void **state) {
    (void)state;
    if (!postgres) return 0;
    postgres_exec(session,
                  "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    folder_remove(dir);
    return mkdir(dir, 0755);
}

static void put(const char *name, const char *sql) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(sql, file);
    fclose(file);
}

static struct migrate_report run(const char *from) {
    struct migrate_report report = {-1, -1};
    struct err err = {0};
    assert_ok(migrate_run(embedded_postgres_conninfo(postgres), from, &report, &err), &err);
    return report;
}

static void refused(enum err_code code, const char *hint) {
    struct migrate_report report = {-1, -1};
    struct err err = {0};
    assert_int_equal(migrate_run(embedded_postgres_conninfo(postgres), dir, &report, &err), code);
    assert_int_equal(report.applied, -1);
    if (!strstr(err.text, hint)) fail_msg("\"%s\" lacks \"%s\"", err.text, hint);
}

static void test_each_once_and_in_order(void **state) {
    (void)state;
    skip_without_postgres();
    put("0001_first.sql", "CREATE TABLE a (n int); INSERT INTO a VALUES (1);");
    put("0002_second.sql", "ALTER TABLE a ADD m int; UPDATE a SET m = n + 1");
    put("README.txt", "not for the database");
    struct migrate_report report = run(dir);
    assert_int_equal(report.applied, 2);
    assert_int_equal(report.version, 2);
    report = run(dir);
    assert_int_equal(report.applied, 0);
    assert_int_equal(report.version, 2);
    put("0003_third.sql", "INSERT INTO a VALUES (5, 6)");
    report = run(dir);
    assert_int_equal(report.applied, 1);
    assert_int_equal(report.version, 3);
    assert_string_equal(postgres_ask(session, "SELECT string_agg(n || ':' || m, ' ' ORDER BY n) FROM a"),
                        "1:2 5:6");
    assert_string_equal(postgres_ask(session, "SELECT string_agg(version || name, ' ' ORDER BY version)"
                                              " FROM schema_migrations"),
                        "10001_first.sql 20002_second.sql 30003_third.sql");
    assert_string_equal(postgres_ask(session, "SELECT sha256 = encode(sha256('INSERT INTO a VALUES (5, 6)'),"
                                              " 'hex') FROM schema_migrations WHERE version = 3"),
                        "t");
}

static void test_whole_or_not_at_all(void **state) {
    (void)state;
    skip_without_postgres();
    put("0001_first.sql", "CREATE TABLE a (n int)");
    put("0002_second.sql", "CREATE TABLE b (n int); INSERT INTO no_such_table VALUES (1)");
    refused(ERR_DATABASE, "0002_second.sql");
    refused(ERR_DATABASE, "no_such_table");
    put("0002_second.sql", "CREATE TABLE b (n int); -- \xC3\xA9\n\nINSERT INTO no_such_table VALUES (1)");
    refused(ERR_DATABASE, "0002_second.sql:3: relation");
    assert_string_equal(
        postgres_ask(session, "SELECT to_regclass('a') IS NOT NULL AND to_regclass('b') IS NULL"), "t");
    assert_string_equal(postgres_ask(session, "SELECT max(version) FROM schema_migrations"), "1");
    put("0002_second.sql", "CREATE TABLE b (n int)");
    assert_int_equal(run(dir).applied, 1);
}

static void test_what_was_applied_stays_as_it_is(void **state) {
    char path[256];
    (void)state;
    skip_without_postgres();
    put("0001_first.sql", "CREATE TABLE a (n int)");
    put("0002_second.sql", "CREATE TABLE b (n int)");
    run(dir);
    put("0001_first.sql", "CREATE TABLE a (n bigint)");
    refused(ERR_INVALID, "0001_first.sql was changed");
    put("0001_first.sql", "CREATE TABLE a (n int)");
    snprintf(path, sizeof path, "%s/0002_second.sql", dir);
    assert_int_equal(unlink(path), 0);
    refused(ERR_INVALID, "0002_second.sql");
    refused(ERR_INVALID, "put the file back");
    put("0002_second.sql", "CREATE TABLE b (n int)");
    assert_int_equal(run(dir).applied, 0);
    postgres_exec(session, "DELETE FROM schema_migrations WHERE version = 1");
    refused(ERR_INVALID, "gap before 0002");
}

static void test_folder_is_checked_first(void **state) {
    (void)state;
    skip_without_postgres();
    refused(ERR_NOT_FOUND, "no migrations");
    put("0002_second.sql", "SELECT 1");
    refused(ERR_INVALID, "expected number 0001");
    put("0001_first.sql", "SELECT 1");
    put("0002_again.sql", "SELECT 1");
    refused(ERR_INVALID, "expected number 0003");
    folder_remove(dir);
    assert_int_equal(mkdir(dir, 0755), 0);
    put("0001_first.sql", "SELECT 1");
    put("notes.sql", "SELECT 1");
    refused(ERR_INVALID, "notes.sql: a migration is named like");
    assert_string_equal(postgres_ask(session, "SELECT to_regclass('schema_migrations') IS NULL"), "t");
}

static void *run_beside(void *arg) {
    struct migrate_report *report = arg;
    migrate_run(embedded_postgres_conninfo(postgres), dir, report, NULL);
    return NULL;
}

static void test_many_servers_at_once(void **state) {
    enum { SERVERS = 4, FILES = 5 };
    struct migrate_report reports[SERVERS];
    pthread_t threads[SERVERS];
    int applied = 0;
    (void)state;
    skip_without_postgres();
    put("0001_first.sql", "CREATE TABLE a (n int)");
    for (int i = 2; i <= FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%04d_more.sql", i);
        put(name, "INSERT INTO a VALUES (1)");
    }
    for (int i = 0; i < SERVERS; i++) {
        reports[i] = (struct migrate_report){-1, -1};
        assert_int_equal(pthread_create(&threads[i], NULL, run_beside, &reports[i]), 0);
    }
    for (int i = 0; i < SERVERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(reports[i].version, FILES);
        applied += reports[i].applied;
    }
    assert_int_equal(applied, FILES);
    assert_string_equal(postgres_ask(session, "SELECT count(*) FROM a"), "4");
}

static void wait_until(const char *question) {
    int64_t deadline = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (strcmp(postgres_ask(session, question), "t") != 0)
        assert_true(clock_ns() < deadline);
}

/* Being refused a lock is not the end: it is tried again. */
static void test_tries_again_for_a_lock(void **state) {
    struct migrate_report report = {-1, -1};
    struct session *holder;
    pthread_t thread;
    (void)state;
    skip_without_postgres();
    put("0001_first.sql", "CREATE TABLE a (n int)");
    run(dir);
    put("0002_second.sql", "SET LOCAL lock_timeout = '100ms'; ALTER TABLE a ADD m int");
    holder = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(holder, "BEGIN; LOCK TABLE a");
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &report), 0);
    wait_until("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)");
    wait_until("SELECT NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)");
    session_close(holder);
    pthread_join(thread, NULL);
    assert_int_equal(report.applied, 1);
    assert_int_equal(report.version, 2);
}

static void test_the_real_ones(void **state) {
    (void)state;
    skip_without_postgres();
    struct migrate_report report = run("sql/migrations");
    assert_true(report.applied > 0);
    assert_int_equal(report.applied, report.version);
    assert_int_equal(run("sql/migrations").applied, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_once_and_in_order, fresh),
        cmocka_unit_test_setup(test_whole_or_not_at_all, fresh),
        cmocka_unit_test_setup(test_what_was_applied_stays_as_it_is, fresh),
        cmocka_unit_test_setup(test_folder_is_checked_first, fresh),
        cmocka_unit_test_setup(test_many_servers_at_once, fresh),
        cmocka_unit_test_setup(test_tries_again_for_a_lock, fresh),
        cmocka_unit_test_setup(test_the_real_ones, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
