/* test_prepare.c -- a query that PostgreSQL would refuse is told with file and line; one that it has accepted
 * before costs nothing; and no database is no verdict. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/db/prepare.h"
#include "../../../core/services/migrate.h"
#include "../support/postgres.h"
#include <pthread.h>

#define NOWHERE "host=/nowhere user=nobody dbname=none"

static char folder[64], dir[96];
static struct embedded_postgres *postgres;
static struct session *session;

static int start(void **state) {
    char data[96];
    (void)state;
    if (crypto_open(NULL) != ERR_OK) return 1;
    folder_make(folder);
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(dir, sizeof dir, "%s/queries", folder);
    if (!postgres_is_installed()) return 0;
    postgres = postgres_start(data);
    session = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(session, "CREATE TABLE things (id bigint PRIMARY KEY, name text NOT NULL)");
    return 0;
}

static int stop(void **state) {
    (void)state;
    session_close(session);
    embedded_postgres_stop(postgres);
    folder_remove(folder);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    folder_remove(dir);
    return mkdir(dir, 0755);
}

static void put(const char *name, const char *sql) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s.sql", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(sql, file);
    fclose(file);
}

static struct query_set *load(const char *from) {
    struct query_set *set = NULL;
    struct err err = {0};
    assert_ok(query_set_load(&set, from, &err), &err);
    return set;
}

/* All that stands in the folder, asked about at `conninfo`. */
static enum err_code check(const char *conninfo, const struct query_set *known, struct err *err) {
    struct query_set *set = load(dir);
    enum err_code code = queries_prepare(conninfo, set, known, err);
    query_set_free(set);
    return code;
}

/* Refused with "DIR/" and then exactly these words. */
static void refused(const char *words) {
    struct err err = {0};
    char expected[512];
    snprintf(expected, sizeof expected, "%s/%s", dir, words);
    assert_int_equal(check(embedded_postgres_conninfo(postgres), NULL, &err), ERR_INVALID);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.code, ERR_INVALID);
}

static void test_good_ones_pass(void **state) {
    struct err err = {0};
    (void)state;
    skip_without_postgres();
    put("one", "-- class: read\n-- params: id bigint\nSELECT name FROM things WHERE id = $1\n");
    put("two", "-- class: lease\n-- params: ids bigint[]\nDELETE FROM things WHERE id = ANY ($1)\n");
    put("many", "-- class: batch\n-- params: id bigint\n-- slot: $2\n"
                "SELECT n, $2 AS slot FROM unnest($1) WITH ORDINALITY AS t (id, n)\n");
    assert_ok(check(embedded_postgres_conninfo(postgres), NULL, &err), &err);
}

static void test_nothing_is_run(void **state) {
    struct err err = {0};
    (void)state;
    skip_without_postgres();
    put("add", "-- class: lease\nINSERT INTO things VALUES (1, 'one')\n");
    assert_ok(check(embedded_postgres_conninfo(postgres), NULL, &err), &err);
    assert_string_equal(postgres_ask(session, "SELECT count(*) FROM things"), "0");
}

static void test_the_line_is_the_files(void **state) {
    (void)state;
    skip_without_postgres();
    put("a", "-- what it is for\n-- class: read\n\nSELECT id\nFROM things\nWHERE foo = 1\n");
    refused("a.sql:6: column \"foo\" does not exist");
    put("a", "-- class: read\nSELECT 'ünïcödé 映画',\n  '\xF0\x9F\x8E\xAC'\n  , foo FROM things\n");
    refused("a.sql:4: column \"foo\" does not exist");
    put("a", "-- class: read\nSELECT foo");
    refused("a.sql:2: column \"foo\" does not exist");
    put("a", "-- class: read\nSELECT id\nFROM\n  thinks");
    refused("a.sql:4: relation \"thinks\" does not exist; if a migration makes it: plateia migrate");
    put("a", "-- class: read\n-- params: name text\nSELECT id\nFROM things\nWHERE id = $1");
    refused("a.sql:5: operator does not exist: bigint = text");
    put("a", "-- class: read\n\nSELECT id\nFROM things\nWHERE\n");
    refused("a.sql:5: syntax error at end of input");
}

static void test_a_batch_numbers_its_rows(void **state) {
    (void)state;
    skip_without_postgres();
    put("b", "-- class: batch\n-- params: id bigint\n\nSELECT id FROM unnest($1) AS id");
    refused("b.sql:4: a batch returns one row for each call, numbered from 1 in a column n");
    put("b", "-- class: batch\n-- params: id bigint\nSELECT id::text AS n FROM unnest($1) AS id");
    refused("b.sql:3: a batch's column n is a bigint or an int");
}

static void test_the_first_wrong_one_is_told(void **state) {
    (void)state;
    skip_without_postgres();
    put("a", "-- class: read\nSELECT id FROM things");
    put("b", "-- class: read\nSELECT bar");
    put("c", "-- class: read\nSELECT foo");
    refused("b.sql:2: column \"bar\" does not exist");
}

static void test_what_is_known_is_not_asked_about(void **state) {
    struct err err = {0};
    (void)state;
    put("old", "-- class: read\nSELECT nonsense");
    struct query_set *known = load(dir);
    assert_ok(check(NOWHERE, known, &err), &err); /* so no connection is made */
    put("older", "-- class: read\nSELECT nonsense");
    assert_ok(check(NOWHERE, known, &err), &err); /* it is the text that counts */
    put("new", "-- class: read\nSELECT 1");
    assert_int_equal(check(NOWHERE, known, &err), ERR_BUSY);
    if (postgres) assert_ok(check(embedded_postgres_conninfo(postgres), known, &err), &err);
    query_set_free(known);
}

static void test_no_database_is_no_verdict(void **state) {
    struct err err = {0};
    (void)state;
    put("a", "-- class: read\nSELECT 1");
    assert_int_equal(check(NOWHERE, NULL, &err), ERR_BUSY);
    assert_non_null(strstr(err.text, "cannot connect to the database"));
    assert_int_equal(check("nonsense", NULL, &err), ERR_BUSY);
    assert_int_equal(check(NOWHERE, NULL, NULL), ERR_BUSY);
}

static void *check_beside(void *arg) {
    check(embedded_postgres_conninfo(postgres), NULL, arg);
    return NULL;
}

/* PostgreSQL ends the session in the middle: that says nothing of the query. */
static void test_a_lost_connection_is_no_verdict(void **state) {
    static const char end[] = "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_locks WHERE NOT granted";
    struct err err = {0};
    pthread_t thread;
    (void)state;
    skip_without_postgres();
    put("a", "-- class: read\nSELECT id FROM things");
    struct session *holder = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(holder, "BEGIN; LOCK TABLE things");
    assert_int_equal(pthread_create(&thread, NULL, check_beside, &err), 0);
    int64_t deadline = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (strcmp(postgres_ask(session, end), "t") != 0)
        assert_true(clock_ns() < deadline);
    pthread_join(thread, NULL);
    session_close(holder);
    assert_int_equal(err.code, ERR_BUSY);
    assert_non_null(strstr(err.text, "could not be asked"));
}

static void test_the_real_ones(void **state) {
    struct err err = {0};
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "DROP TABLE things");
    assert_ok(migrate_run(embedded_postgres_conninfo(postgres), "sql/migrations", NULL, &err), &err);
    struct query_set *set = load("sql/queries");
    assert_ok(queries_prepare(embedded_postgres_conninfo(postgres), set, NULL, &err), &err);
    query_set_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good_ones_pass, fresh),
        cmocka_unit_test_setup(test_nothing_is_run, fresh),
        cmocka_unit_test_setup(test_the_line_is_the_files, fresh),
        cmocka_unit_test_setup(test_a_batch_numbers_its_rows, fresh),
        cmocka_unit_test_setup(test_the_first_wrong_one_is_told, fresh),
        cmocka_unit_test_setup(test_what_is_known_is_not_asked_about, fresh),
        cmocka_unit_test_setup(test_no_database_is_no_verdict, fresh),
        cmocka_unit_test_setup(test_a_lost_connection_is_no_verdict, fresh),
        cmocka_unit_test_setup(test_the_real_ones, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
