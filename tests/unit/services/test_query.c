/* test_query.c -- query files: what is accepted, and what is said of what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/db/query.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct query *parse(const char *text) {
    struct query *query = NULL;
    struct err err = {.text = ""};
    if (query_parse(&query, "q", "sql/q.sql", text, strlen(text), &err) != ERR_OK) fail_msg("%s", err.text);
    return query;
}

static void refuse(const char *text, const char *why) {
    struct query *query = NULL;
    struct err err;
    char full[256];
    snprintf(full, sizeof full, "sql/q.sql:%s", why);
    assert_int_equal(query_parse(&query, "q", "sql/q.sql", text, strlen(text), &err), ERR_INVALID);
    assert_string_equal(err.text, full);
    assert_null(query);
}

static void test_read(void **state) {
    (void)state;
    struct query *query =
        parse("-- One user, for whoever asks.\n"
              "--params:  user_id bigint,names text[] \r\n"
              "\n"
              "-- class: read\n"
              "SELECT id\n  FROM users -- of all\n WHERE id = $1 AND name = ANY ($2);\n-- end\n");
    assert_string_equal(query->name, "q");
    assert_string_equal(query->file, "sql/q.sql");
    assert_string_equal(query->text, "SELECT id\n  FROM users -- of all\n WHERE id = $1 AND name = ANY ($2)");
    assert_int_equal(query->class, QUERY_READ);
    assert_int_equal(query->param_count, 2);
    assert_string_equal(query->params[0].name, "user_id");
    assert_int_equal(query->params[0].type, TYPE_BIGINT);
    assert_false(query->params[0].array);
    assert_string_equal(query->params[1].name, "names");
    assert_int_equal(query->params[1].type, TYPE_TEXT);
    assert_true(query->params[1].array);
    assert_int_equal(query->key, -1);
    assert_false(query->slot);
    query_free(query);
}

static void test_batch(void **state) {
    (void)state;
    struct query *query =
        parse("-- slot: $3\n-- key: owner\n-- class: batch\n-- params: item int, owner uuid\n"
              "SELECT n FROM unnest($1, $2) WITH ORDINALITY AS t (item, owner, n) WHERE $3 > 0");
    assert_int_equal(query->class, QUERY_BATCH);
    assert_int_equal(query->key, 1);
    assert_true(query->slot);
    assert_int_equal(query->param_count, 2);
    assert_true(query->params[0].array && query->params[1].array);
    query_free(query);
}

static void test_every_type(void **state) {
    (void)state;
    struct query *query =
        parse("-- class: lease\n-- params: a bigint, b int, c text, d boolean, e double, f date, "
              "g timestamptz, h uuid, i jsonb\nSELECT 1");
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(query->params[i].type, TYPE_BIGINT + (int)i);
    query_free(query);
}

/* The name changes with the statement and with the types of the header, and with nothing else of the place.
 */
static void test_statement_name(void **state) {
    (void)state;
    struct query *a = parse("-- class: read\n-- params: a int\nSELECT $1"), *same = NULL;
    struct query *b = parse("-- class: read\n-- params: a text\nSELECT $1");
    const char *text = "-- class: read\n-- params: a int\nSELECT $1";
    assert_int_equal(query_parse(&same, "other", "other.sql", text, strlen(text), NULL), ERR_OK);
    assert_int_equal(strlen(a->statement), 33);
    assert_int_equal(a->statement[0], 'q');
    assert_int_equal(strspn(a->statement + 1, "0123456789abcdef"), 32);
    assert_string_equal(a->statement, same->statement);
    assert_string_not_equal(a->statement, b->statement);
    query_free(a);
    query_free(b);
    query_free(same);
}

/* What looks like a parameter or a second statement, and is not. */
static void test_what_the_lexer_skips(void **state) {
    (void)state;
    struct query *query = parse("-- class: read\n"
                                "SELECT '$9; it''s', E'\\'$9;', \"$9;\", $$ $9; $$, $t$ $9 $$ ; $t$, a$9, /* "
                                "$9; /* ; */ ' */ 1 -- $9;'\n"
                                " ; -- the end;\n ;");
    assert_int_equal(query->param_count, 0);
    assert_ptr_equal(strstr(query->text, "1"), query->text + strlen(query->text) - 1);
    query_free(query);
}

static void test_refused_headers(void **state) {
    (void)state;
    refuse("SELECT 1", "1: the line \"-- class: read|lease|batch\" is missing");
    refuse("-- clas: read\nSELECT 1", "1: unknown word \"clas:\"; known are class, params, key and slot");
    refuse("-- class: write\nSELECT 1", "1: class must be read, lease or batch, not \"write\"");
    refuse("-- class: read\n-- class: read\nSELECT 1", "2: class is given twice");
    refuse("-- class: read\n-- params: a\nSELECT 1", "2: params must be \"name type, name type, ...\"");
    refuse("-- class: read\n-- params: a int[]x\nSELECT 1",
           "2: params must be \"name type, name type, ...\"");
    refuse("-- class: read\n-- params: a int,\nSELECT 1", "2: params ends with a comma");
    refuse("-- class: read\n-- params: a int, a int\nSELECT 1", "2: parameter a is given twice");
    refuse("-- class: read\n-- params: a numeric\nSELECT 1",
           "2: type \"numeric\" is not one of bigint, int, text, boolean, double, date, timestamptz, uuid, "
           "jsonb");
    refuse("-- class: read\n-- params: a int, b int, c int, d int, e int, f int, g int, h int, i int, j int, "
           "k int, "
           "l int, m int, n int, o int, p int, q int\nSELECT 1",
           "2: more than 16 parameters");
    refuse("-- class: read\n-- key: a\nSELECT 1", "2: key is for class batch only");
    refuse("-- class: lease\n-- slot: $1\nSELECT 1", "2: slot is for class batch only");
}

static void test_refused_batches(void **state) {
    (void)state;
    refuse("-- class: batch\nSELECT 1", "1: a batch needs params: they say how many calls it holds");
    refuse("-- class: batch\n-- params: a int[]\nSELECT 1",
           "2: a batch declares element types: a without []");
    refuse("-- class: batch\n-- params: a int\n-- key: b\nSELECT 1", "3: key \"b\" is not in params");
    refuse("-- class: batch\n-- params: a int\n-- slot: 2\nSELECT 1",
           "3: slot must be a parameter such as $3");
    refuse("-- class: batch\n-- params: a int\n-- slot: $1\nSELECT 1",
           "3: slot must follow the last of params: $2");
}

static void test_refused_statements(void **state) {
    (void)state;
    refuse("-- class: read\n", "2: there is no statement");
    refuse("-- class: read\n\n Delete FROM t",
           "3: a read changes nothing: this statement has the class lease");
    refuse("-- class: read\n;\n", "3: there is no statement");
    refuse("-- class: read\nSELECT 1;\nSELECT 2", "3: there is a second statement; a file holds one");
    refuse("-- class: read\nSELECT\n 'a", "3: a string, quoted name or comment is not closed");
    refuse("-- class: read\nSELECT 1 /* /* */", "2: a string, quoted name or comment is not closed");
    refuse("-- class: read\nSELECT $$ $ $x$", "2: a string, quoted name or comment is not closed");
    refuse("-- class: read\n-- params: a int\nSELECT $1, $2",
           "3: the statement uses $2, but the header declares 1 parameter");
    refuse("-- class: batch\n-- params: a int\nSELECT $1, $2",
           "3: the statement uses $2, but the header declares 1 parameter");
    refuse("-- class: read\nSELECT '\xff'", "1: this is not UTF-8 text");
}

static void test_bytes_beyond_the_end_are_not_read(void **state) {
    (void)state;
    const char *texts[] = {"-- class: batch\n-- params: a int\n-- slot: $2\nSELECT $2",
                           "-- slot: $",
                           "-- class:",
                           "-- params: a int[",
                           "-",
                           "--",
                           "-- class: read\nE'\\",
                           "-- class: read\n$1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *exact = malloc(len ? len : 1);
            struct query *query = NULL;
            memcpy(exact, texts[i], len);
            query_parse(&query, "q", "q.sql", exact, len, NULL);
            query_free(query);
            free(exact);
        }
}

/* --- folders ---------------------------------------------------------------------------------------- */

static char dir[] = "/tmp/plateia-query-XXXXXX";

static void put(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void drop(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void test_set(void **state) {
    (void)state;
    struct query_set *set = NULL;
    struct err err;
    assert_non_null(mkdtemp(dir));
    put("b.sql", "-- class: read\nSELECT 2");
    put("a_long.sql", "-- class: read\nSELECT 1");
    put("a.sql", "-- class: read\nSELECT 0");
    put(".hidden.sql", "nonsense");
    put("notes.txt", "nonsense");
    assert_int_equal(query_set_load(&set, dir, &err), ERR_OK);
    assert_int_equal(query_set_count(set), 3);
    assert_string_equal(query_set_at(set, 0)->name, "a");
    assert_string_equal(query_set_find(set, "a_long")->text, "SELECT 1");
    assert_string_equal(query_set_find(set, "b")->text, "SELECT 2");
    assert_null(query_set_find(set, "c"));
    assert_null(query_set_find(set, ""));
    query_set_free(set);

    char text[128];
    struct query_set *none = NULL;
    put("c.sql", "-- class: read\nSELECT '");
    assert_int_equal(query_set_load(&none, dir, &err), ERR_INVALID);
    snprintf(text, sizeof text, "%s/c.sql:2: a string, quoted name or comment is not closed", dir);
    assert_string_equal(err.text, text);
    assert_null(none);
    drop("a.sql"), drop("a_long.sql"), drop("b.sql"), drop("c.sql"), drop(".hidden.sql"), drop("notes.txt");
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(query_set_load(&none, dir, &err), ERR_SYSTEM);
    assert_null(none);
}

static void expect_hash(bool same, const char *first, const struct query_set *set) {
    assert_int_equal(strcmp(first, query_set_hash(set)) == 0, same);
}

static void test_set_hash(void **state) {
    (void)state;
    char first[65];
    struct query_set *set = NULL;
    struct err err;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    put("a.sql", "-- class: read\nSELECT 1");
    put("b.sql", "-- class: read\nSELECT 2");
    assert_int_equal(query_set_load(&set, dir, &err), ERR_OK);
    assert_int_equal(strspn(query_set_hash(set), "0123456789abcdef"), 64);
    assert_int_equal(query_set_at(set, 0)->bytes, 23);
    snprintf(first, sizeof first, "%s", query_set_hash(set));
    query_set_free(set);
    const struct {
        const char *name, *text;
        bool same;
    } puts[] = {{"notes.txt", "new", true},
                {"a.sql", "-- class: read\nSELECT 1", true},
                {"a.sql", "-- class: read\nSELECT 2", false},
                {"a.sql", "-- Of the header, too.\n-- class: read\nSELECT 1", false},
                {"a.sql", "-- class: read\nSELECT 1", true},
                {"c.sql", "-- class: read\nSELECT 1", false}};
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
        put(puts[i].name, puts[i].text);
        assert_int_equal(query_set_load(&set, dir, &err), ERR_OK);
        expect_hash(puts[i].same, first, set);
        query_set_free(set);
    }
    put("c.sql", "-- class: read\nSELECT 2"), drop("b.sql"); /* renamed */
    assert_int_equal(query_set_load(&set, dir, &err), ERR_OK);
    expect_hash(false, first, set);
    query_set_free(set);
    drop("a.sql"), drop("c.sql"), drop("notes.txt");
    assert_int_equal(rmdir(dir), 0);
}

static void test_set_of_bad_files(void **state) {
    (void)state;
    char text[128];
    struct query_set *none = NULL;
    struct err err;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    put("b.sql", "");
    put("c.sql", "SELECT '");
    assert_int_equal(query_set_load(&none, dir, &err), ERR_INVALID);
    snprintf(text, sizeof text, "%s/b.sql:1: the file is empty", dir);
    assert_string_equal(err.text, text); /* the first by name, whatever the folder's own order */
    drop("b.sql");
    put("c.sql", "");
    char path[128];
    snprintf(path, sizeof path, "%s/c.sql", dir);
    assert_int_equal(truncate(path, 64 * 1024 + 1), 0);
    assert_int_equal(query_set_load(&none, dir, &err), ERR_LIMIT);
    snprintf(text, sizeof text, "%s/c.sql: larger than 64 KiB", dir);
    assert_string_equal(err.text, text);
    assert_null(none);
    drop("c.sql");
    assert_int_equal(rmdir(dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_statement_name),
        cmocka_unit_test(test_what_the_lexer_skips),
        cmocka_unit_test(test_refused_headers),
        cmocka_unit_test(test_refused_batches),
        cmocka_unit_test(test_refused_statements),
        cmocka_unit_test(test_bytes_beyond_the_end_are_not_read),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_hash),
        cmocka_unit_test(test_set_of_bad_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
