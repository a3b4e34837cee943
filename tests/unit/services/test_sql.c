/* test_sql.c -- the project's own migrations and queries on a real PostgreSQL: every query can be prepared as
 * its header says, and the rules that live in SQL hold. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/crypto.h"
#include "../../../core/services/db/query.h"
#include "../../../core/services/housekeeping.h"
#include "../../../core/services/migrate.h"
#include "../support/postgres.h"
#include <pthread.h>

static char folder[64];
static struct embedded_postgres *postgres;
static struct query_set *queries;
static struct session *session;

static int start(void **state) {
    char data[96];
    struct err err = {0};
    (void)state;
    assert_ok(crypto_open(&err), &err);
    assert_ok(query_set_load(&queries, "sql/queries", &err), &err);
    if (!postgres_is_installed()) return 0;
    folder_make(folder);
    snprintf(data, sizeof data, "%s/data", folder);
    postgres = postgres_start(data);
    assert_ok(migrate_run(embedded_postgres_conninfo(postgres), "sql/migrations", NULL, &err), &err);
    assert_ok(housekeeping_run(embedded_postgres_conninfo(postgres), queries, &err), &err);
    session = postgres_session(embedded_postgres_conninfo(postgres));
    return 0;
}

static int stop(void **state) {
    (void)state;
    session_close(session);
    embedded_postgres_stop(postgres);
    query_set_free(queries);
    folder_remove(folder);
    return 0;
}

/* Before each test: users 1 to 200, films 1 to 20, no votes, the real time. */
static int fresh(void **state) {
    (void)state;
    if (!postgres) return 0;
    postgres_exec(session, "RESET plateia.now; TRUNCATE users, movies, movie_sources, votes, tallies,"
                           " tally_totals, standings, folds, outbox RESTART IDENTITY;"
                           "INSERT INTO users (username, password_hash)"
                           " SELECT 'user' || g, 'x' FROM generate_series(1, 200) g;"
                           "INSERT INTO movies (title) SELECT 'Film ' || g FROM generate_series(1, 20) g");
    return 0;
}

/* --- asking by name ---------------------------------------------------------------------------------- */

/* All rows as "a|b|c; d|e|f" (NULL: "-"), in memory that the next call of the same thread uses again. */
static const char *ask_in(struct session *where, const char *name, size_t count, const char *const *params) {
    static _Thread_local char answer[8192];
    const struct query *query = query_set_find(queries, name);
    struct rows *rows = NULL;
    struct err err = {0};
    size_t len = 0;
    assert_non_null(query);
    assert_int_equal(query->param_count + query->slot, count);
    assert_ok(session_query(where, query->text, count, params, &rows, &err), &err);
    answer[0] = '\0';
    for (size_t r = 0; r < rows_count(rows); r++)
        for (size_t c = 0; c < rows_columns(rows); c++) {
            const char *value = rows_value(rows, r, c, NULL);
            const char *before = c ? "|" : r ? "; " : "";
            len += (size_t)snprintf(answer + len, sizeof answer - len, "%s%s", before, value ? value : "-");
            assert_true(len < sizeof answer);
        }
    rows_free(rows);
    return answer;
}

#define PARAMS(...)                                                                                          \
    (sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), ((const char *const[]){__VA_ARGS__})
#define ask(name, ...)  ask_in(session, name, PARAMS(__VA_ARGS__))
#define ask_plain(name) ask_in(session, name, 0, NULL)

static void at(const char *now) {
    char sql[128];
    snprintf(sql, sizeof sql, "SET plateia.now = '%s'", now);
    postgres_exec(session, sql);
}

/* The columns of a vote that do not depend on the clock. */
static const char *outcomes(struct session *where, const char *users, const char *movies, const char *slot) {
    static _Thread_local char answer[4096];
    const struct query *query = query_set_find(queries, "cast_vote");
    const char *const params[] = {users, movies, slot};
    struct rows *rows = NULL;
    struct err err = {0};
    size_t len = 0;
    assert_ok(session_query(where, query->text, 3, params, &rows, &err), &err);
    answer[0] = '\0';
    for (size_t r = 0; r < rows_count(rows); r++) {
        assert_int_equal(atoi(rows_value(rows, r, 0, NULL)), r + 1);
        len += (size_t)snprintf(answer + len, sizeof answer - len, "%s%s", r ? " " : "",
                                rows_value(rows, r, 1, NULL));
    }
    rows_free(rows);
    return answer;
}

/* --- the files ---------------------------------------------------------------------------------------- */

static const char *const types[] = {"",     "bigint",      "int",  "text", "boolean", "double precision",
                                    "date", "timestamptz", "uuid", "jsonb"};

static void test_every_query_prepares_as_its_header_says(void **state) {
    (void)state;
    skip_without_postgres();
    assert_true(query_set_count(queries) >= 18);
    for (size_t i = 0; i < query_set_count(queries); i++) {
        const struct query *query = query_set_at(queries, i);
        char sql[8192];
        struct err err = {0};
        size_t len = (size_t)snprintf(sql, sizeof sql, "PREPARE p%zu", i);
        for (size_t p = 0; p < query->param_count; p++)
            len += (size_t)snprintf(sql + len, sizeof sql - len, "%s%s%s", p ? "," : "(",
                                    types[query->params[p].type], query->params[p].array ? "[]" : "");
        if (query->slot) len += (size_t)snprintf(sql + len, sizeof sql - len, ",int");
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%s AS %s", query->param_count ? ")" : "",
                                query->text);
        assert_true(len < sizeof sql);
        if (session_exec(session, sql, &err) != ERR_OK) fail_msg("%s: %s", query->file, err.text);
    }
}

static void test_every_column_is_documented(void **state) {
    (void)state;
    skip_without_postgres();
    assert_string_equal(
        postgres_ask(session, "SELECT string_agg(c.relname || '.' || a.attname, ' ') FROM pg_class c"
                              " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
                              " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
                              " AND NOT c.relispartition AND c.relname <> 'schema_migrations'"
                              " AND col_description(c.oid, a.attnum) IS NULL"),
        "");
}

/* --- users --------------------------------------------------------------------------------------------- */

static void test_names_are_one_whatever_their_case_or_form(void **state) {
    (void)state;
    skip_without_postgres();
    assert_string_equal(ask("create_user", "Jos\u00c9", "hash", NULL, NULL, NULL), "created|201|Jos\u00c9");
    assert_string_equal(ask("create_user", "JOSE\u0301", "hash", NULL, NULL, NULL), "taken|-|-");
    assert_string_equal(ask("create_user", "e\u0301a", "hash", NULL, NULL, NULL), "invalid|-|-");
    /* A refused name uses up an id. */
    assert_string_equal(ask("create_user", "An\u0301a", "h", "a@b.c", "+1", "log"), "created|203|A\u0144a");
    assert_string_equal(ask("user_by_name", "jose\u0301"), "201|Jos\u00c9|hash");
    assert_string_equal(ask("user_by_name", "nobody"), "");
    assert_string_equal(ask("set_password_hash", "201", "new"), "201");
    assert_string_equal(ask("set_password_hash", "999", "new"), "");
    assert_string_equal(ask("user_by_name", "JOS\u00c9"), "201|Jos\u00c9|new");
    assert_non_null(strstr(ask("user_by_id", "203"), "203|A\u0144a|a@b.c|+1|log|"));
    assert_non_null(strstr(ask("user_by_id", "201"), "201|Jos\u00c9|-|-|none|"));
}

/* --- the catalogue ------------------------------------------------------------------------------------- */

static void test_import_twice_changes_nothing(void **state) {
    (void)state;
    skip_without_postgres();
    const char *keys = "{k1,k2,k2}", *titles = "{One,Old,Two}", *years = "{1999,1,NULL}";
    const char *nothing = "{NULL,NULL,NULL}";
    assert_string_equal(ask("import_movies", "test", keys, titles, years, nothing, nothing, nothing),
                        "2|0|0|0");
    assert_string_equal(ask("import_movies", "test", keys, titles, years, nothing, nothing, nothing),
                        "0|0|0|2");
    assert_string_equal(ask("import_movies", "test", keys, "{Uno,Old,Two}", years, nothing, nothing, nothing),
                        "0|0|1|1");
    assert_string_equal(ask("import_movies", "else", keys, titles, years, nothing, nothing, nothing),
                        "2|0|0|0");
    assert_string_equal(ask("movies_page", "20", "10"),
                        "21|Uno|1999|-|-|-; 22|Two|-|-|-|-; 23|One|1999|-|-|-; "
                        "24|Two|-|-|-|-");
    assert_string_equal(ask_plain("catalogue_size"), "24");
    assert_string_equal(ask_plain("lock_catalogue"), "t");
}

/* One film: n-th of what a source tells. */
#define FILM(source, key, title, year, genre, director, minutes)                                             \
    ask("import_movies", source, key, title, year, genre, director, minutes)

static void test_a_film_of_two_catalogues_is_one(void **state) {
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "TRUNCATE movies, movie_sources RESTART IDENTITY CASCADE");
    const char *titles = "{\"The Birds\",WALL-E,\"Am\u00e9lie\",\"Fast & Loose\",\"!!!\"}";
    const char *years = "{1963,2008,2001,1999,2000}", *none = "{NULL,NULL,NULL,NULL,NULL}";
    assert_string_equal(FILM("one", "{a,b,c,d,e}", titles, years, none, "{Al,NULL,Jo,Jo,NULL}", none),
                        "5|0|0|0");
    const char *theirs = "{\"Birds, The\",\"Wall\u00b7e\",\"AMELIE\",\"fast and loose\",\"???\"}";
    const char *two[] = {"{A,B,C,D,E}", "{NULL,Bo,\"jo \",Ed,NULL}", "{119,98,NULL,90,NULL}"};
    /* The Birds (one names no director), WALL-E, Amelie meet; Ed is not Jo; !!! is not ??? */
    assert_string_equal(FILM("two", two[0], theirs, years, none, two[1], two[2]), "2|3|0|0");
    assert_string_equal(FILM("two", two[0], theirs, years, none, two[1], two[2]), "0|0|0|5");
    assert_string_equal(FILM("one", "{a,b,c,d,e}", titles, years, none, "{Al,NULL,Jo,Jo,NULL}", none),
                        "0|0|0|5");
    assert_string_equal(ask_plain("catalogue_size"), "7");
    assert_string_equal(postgres_ask(session, "SELECT string_agg(source || ':' || key || '>' || movie_id, ' '"
                                              " ORDER BY movie_id, source) FROM movie_sources"),
                        "one:a>1 two:A>1 one:b>2 two:B>2 one:c>3 two:C>3 one:d>4 one:e>5 two:D>6 two:E>7");
    assert_string_equal(postgres_ask(session, "SELECT concat_ws('|', title, director, minutes) FROM movies"
                                              " WHERE id = 2"),
                        "WALL-E|Bo|98"); /* the first one's title, the other's director and minutes */
}

static void test_the_source_that_brought_a_film_leads(void **state) {
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "TRUNCATE movies, movie_sources RESTART IDENTITY CASCADE");
    assert_string_equal(FILM("one", "{a}", "{M}", "{1931}", "{NULL}", "{NULL}", "{100}"), "1|0|0|0");
    assert_string_equal(FILM("two", "{A}", "{M}", "{1931}", "{Crime}", "{Lang}", "{117}"), "0|1|0|0");
    assert_string_equal(ask("movie_by_id", "1"), "1|M|1931|Crime|Lang|100");
    assert_string_equal(FILM("two", "{A}", "{N}", "{1932}", "{Drama}", "{Lang}", "{117}"), "0|0|0|1");
    assert_string_equal(FILM("one", "{a}", "{M}", "{1931}", "{NULL}", "{\"Fritz Lang\"}", "{111}"),
                        "0|0|1|0");
    assert_string_equal(ask("movie_by_id", "1"), "1|M|1931|Crime|Fritz Lang|111");
    assert_string_equal(FILM("one", "{a}", "{M}", "{1931}", "{NULL}", "{NULL}", "{NULL}"), "0|0|0|1");
}

static void test_a_film_is_met_once_and_by_its_director_first(void **state) {
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "TRUNCATE movies, movie_sources RESTART IDENTITY CASCADE");
    const char *years = "{2000,2000,2000}", *none = "{NULL,NULL,NULL}", *same = "{Twin,Twin,Twin}";
    /* A catalogue's own films are never joined with each other. */
    assert_string_equal(FILM("one", "{a,b,c}", same, years, none, "{NULL,Bo,Cy}", none), "3|0|0|0");
    assert_string_equal(FILM("two", "{X,Y,Z}", same, years, none, "{Cy,Cy,Di}", none), "1|2|0|0");
    assert_string_equal(postgres_ask(session, "SELECT string_agg(key || '>' || movie_id, ' ' ORDER BY key)"
                                              " FROM movie_sources WHERE source = 'two'"),
                        "X>3 Y>4 Z>1");
    assert_string_equal(FILM("six", "{q}", "{Twin}", "{2001}", "{NULL}", "{NULL}", "{NULL}"), "1|0|0|0");
    assert_string_equal(FILM("six", "{r}", "{Twin}", "{NULL}", "{NULL}", "{NULL}", "{NULL}"), "1|0|0|0");
}

static void test_pages_and_search(void **state) {
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "INSERT INTO movies (title, year) VALUES ('100% \u00c9t\u00e9', 2001),"
                           " ('a_b\\c', 2002), ('axb', 2003)");
    assert_string_equal(ask("movies_page", NULL, "2"), "1|Film 1|-|-|-|-; 2|Film 2|-|-|-|-");
    assert_string_equal(ask("movies_page", "2", "1"), "3|Film 3|-|-|-|-");
    assert_string_equal(ask("movie_by_id", "21"), "21|100% \u00c9t\u00e9|2001|-|-|-");
    assert_string_equal(ask("movie_by_id", "99"), "");
    assert_string_equal(ask("movies_search", "fILM 2", NULL, "9"), "2|Film 2|-|-|-|-; 20|Film 20|-|-|-|-");
    assert_string_equal(ask("movies_search", "film 2", "2", "9"), "20|Film 20|-|-|-|-");
    assert_string_equal(ask("movies_search", "%", NULL, "9"), "21|100% \u00c9t\u00e9|2001|-|-|-");
    assert_string_equal(ask("movies_search", "e\u0301TE\u0301", NULL, "9"),
                        "21|100% \u00c9t\u00e9|2001|-|-|-");
    assert_string_equal(ask("movies_search", "\u00c9T", NULL, "9"), "21|100% \u00c9t\u00e9|2001|-|-|-");
    assert_string_equal(ask("movies_search", "FI", "19", "1"), "20|Film 20|-|-|-|-");
    assert_string_equal(ask("movies_search", "a_b", NULL, "9"), "22|a_b\\c|2002|-|-|-");
    assert_string_equal(ask("movies_search", "B\\C", NULL, "9"), "22|a_b\\c|2002|-|-|-");
}

/* --- votes --------------------------------------------------------------------------------------------- */

static void test_outcomes_in_the_order_of_the_calls(void **state) {
    (void)state;
    skip_without_postgres();
    assert_string_equal(outcomes(session, "{9,1,5,777,3}", "{1,2,99,2,2}", "0"),
                        "cast cast no_movie no_user cast");
    assert_string_equal(outcomes(session, "{1,2}", "{3,3}", "0"), "again cast");
    assert_string_equal(outcomes(session, "{4,4}", "{3,4}", "0"), "cast again");
    assert_string_equal(outcomes(session, "{}", "{}", "0"), "");
    assert_string_equal(postgres_ask(session, "SELECT string_agg(user_id || ':' || movie_id, ' ' ORDER BY"
                                              " user_id) FROM votes"),
                        "1:2 2:3 3:2 4:3 9:1");
}

static void test_the_month_ends_in_utc(void **state) {
    (void)state;
    skip_without_postgres();
    at("2031-01-31T23:59:59.999Z");
    assert_string_equal(ask_plain("maintain"), "3");
    assert_string_equal(ask_plain("maintain"), "0");
    assert_string_equal(ask("cast_vote", "{1}", "{2}", "0"),
                        "1|cast|2|2031-01|2031-01-31 23:59:59.999+00|2031-02-01 00:00:00+00");
    assert_string_equal(ask("cast_vote", "{1}", "{3}", "0"), "1|again|3|2031-01|-|2031-02-01 00:00:00+00");
    assert_string_equal(ask_plain("vote_window"), "2031-01|2031-02-01 00:00:00+00");
    at("2031-01-31T21:00:00-03:00"); /* the same instant as below, written elsewhere */
    assert_string_equal(ask_plain("vote_window"), "2031-02|2031-03-01 00:00:00+00");
    at("2031-02-01T00:00:00Z");
    assert_string_equal(ask("cast_vote", "{1}", "{3}", "0"),
                        "1|cast|3|2031-02|2031-02-01 00:00:00+00|2031-03-01 00:00:00+00");
    assert_string_equal(ask("user_votes", "1", "9"), "3|Film 3|2031-02|2031-02-01 00:00:00+00; "
                                                     "2|Film 2|2031-01|2031-01-31 23:59:59.999+00");
    assert_string_equal(ask("user_votes", "1", "1"), "3|Film 3|2031-02|2031-02-01 00:00:00+00");
    postgres_exec(session, "SET TimeZone = 'America/Sao_Paulo'");
    const char *month = ask_plain("vote_window");
    assert_int_equal(strncmp(month, "2031-02|", 8), 0);
    postgres_exec(session, "SET TimeZone = 'UTC'");
}

static void test_a_month_without_a_place_is_an_error(void **state) {
    (void)state;
    skip_without_postgres();
    const struct query *query = query_set_find(queries, "cast_vote");
    const char *const params[] = {"{1}", "{1}", "0"};
    struct err err = {0};
    at("2077-07-07T00:00:00Z");
    assert_int_equal(session_query(session, query->text, 3, params, NULL, &err), ERR_DATABASE);
    assert_string_equal(err.state, "23514");
}

struct voter {
    pthread_t thread;
    pthread_barrier_t *together;
    int slot;
    int cast, again;
};

static void count(struct voter *voter, const char *words) {
    for (const char *at_word = words; *at_word;
         at_word += strcspn(at_word, " "), at_word += *at_word == ' ') {
        voter->cast += strncmp(at_word, "cast", 4) == 0;
        voter->again += strncmp(at_word, "again", 5) == 0;
    }
}

/* Votes for the same twenty users as everybody else, in another order, and folds in between. */
static void *vote(void *arg) {
    static const int strides[] = {1, 3, 7,
                                  9}; /* prime to 20: the core sends nobody twice in a batch either */
    struct voter *voter = arg;
    struct session *own = postgres_session(embedded_postgres_conninfo(postgres));
    char users[256], movies[256], slot[12];
    snprintf(slot, sizeof slot, "%d", voter->slot);
    for (int round = 0; round < 10; round++) {
        size_t u = 0, m = 0;
        for (int i = 0; i < 20; i++) {
            int user = round * 20 + (i * strides[voter->slot] + voter->slot) % 20 + 1;
            u += (size_t)snprintf(users + u, sizeof users - u, "%c%d", i ? ',' : '{', user);
            m += (size_t)snprintf(movies + m, sizeof movies - m, "%c%d", i ? ',' : '{',
                                  user % 7 + voter->slot + 1);
        }
        strcpy(users + u, "}");
        strcpy(movies + m, "}");
        pthread_barrier_wait(voter->together);
        count(voter, outcomes(own, users, movies, slot));
        postgres_exec(own, "BEGIN");
        ask_in(own, "lock_standings", 0, NULL);
        ask_in(own, "fold_standings", 0, NULL);
        postgres_exec(own, "COMMIT");
    }
    session_close(own);
    return NULL;
}

static void test_everybody_at_once(void **state) {
    enum { VOTERS = 4 };
    struct voter voters[VOTERS] = {0};
    pthread_barrier_t together;
    int cast = 0, again = 0;
    (void)state;
    skip_without_postgres();
    assert_int_equal(pthread_barrier_init(&together, NULL, VOTERS), 0);
    for (int i = 0; i < VOTERS; i++) {
        voters[i].together = &together;
        voters[i].slot = i;
        assert_int_equal(pthread_create(&voters[i].thread, NULL, vote, &voters[i]), 0);
    }
    for (int i = 0; i < VOTERS; i++) {
        pthread_join(voters[i].thread, NULL);
        cast += voters[i].cast;
        again += voters[i].again;
    }
    pthread_barrier_destroy(&together);
    assert_int_equal(cast, 200);
    assert_int_equal(again, 200 * (VOTERS - 1));
    assert_string_equal(postgres_ask(session, "SELECT count(*) FROM votes"), "200");
    assert_string_equal(ask_plain("audit"), "");
    assert_string_equal(ask_plain("fold_standings"), "0|200|-|-");
}

/* Sure to overlap: the second waits for the first, which has not committed. */
static void *vote_once(void *arg) {
    struct session *own = postgres_session(embedded_postgres_conninfo(postgres));
    snprintf(arg, 16, "%s", outcomes(own, "{1}", "{2}", "1"));
    session_close(own);
    return NULL;
}

static void test_two_votes_of_one_user_at_the_same_time(void **state) {
    char second[16] = "";
    pthread_t thread;
    struct session *other;
    int64_t deadline = clock_ns() + 20 * CLOCK_NS_PER_S;
    (void)state;
    skip_without_postgres();
    other = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(session, "BEGIN");
    assert_string_equal(outcomes(session, "{1}", "{1}", "0"), "cast");
    assert_int_equal(pthread_create(&thread, NULL, vote_once, second), 0);
    while (strcmp(postgres_ask(other, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"), "t") != 0)
        assert_true(clock_ns() < deadline);
    postgres_exec(session, "COMMIT");
    pthread_join(thread, NULL);
    session_close(other);
    assert_string_equal(second, "again");
}

/* --- who may vanish ------------------------------------------------------------------------------------ */

/* Runs SQL on a session of its own; leaves how it ended, which is its SQLSTATE or "". */
static void *other_hand(void *arg) {
    char *text = arg;
    struct session *own = postgres_session(embedded_postgres_conninfo(postgres));
    struct err err = {0};
    session_query(own, text, 0, NULL, NULL, &err);
    snprintf(text, sizeof err.state, "%s", err.state);
    session_close(own);
    return NULL;
}

static void until_somebody_waits(void) {
    struct session *looking = postgres_session(embedded_postgres_conninfo(postgres));
    int64_t deadline = clock_ns() + 20 * CLOCK_NS_PER_S;
    while (strcmp(postgres_ask(looking, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"), "t") !=
           0)
        assert_true(clock_ns() < deadline);
    session_close(looking);
}

static void test_who_has_voted_stays(void **state) {
    char words[64];
    (void)state;
    skip_without_postgres();
    assert_string_equal(outcomes(session, "{1}", "{2}", "0"), "cast");
    other_hand(strcpy(words, "DELETE FROM users WHERE id = 1"));
    assert_string_equal(words, "23503");
    other_hand(strcpy(words, "UPDATE users SET id = DEFAULT WHERE id = 1"));
    assert_string_equal(words, "23503");
    other_hand(strcpy(words, "DELETE FROM movies WHERE id = 2"));
    assert_string_equal(words, "23503");
    other_hand(strcpy(words, "DELETE FROM users WHERE id = 2"));
    assert_string_equal(words, "");
    other_hand(strcpy(words, "DELETE FROM movies WHERE id = 3"));
    assert_string_equal(words, "");
    assert_string_equal(outcomes(session, "{2,4}", "{2,3}", "0"), "no_user no_movie");
    postgres_exec(session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    struct err err = {0};
    assert_int_equal(session_query(session, "DELETE FROM users WHERE id = 5", 0, NULL, NULL, &err),
                     ERR_DATABASE);
    assert_string_equal(err.state, "0A000");
    postgres_exec(session, "ROLLBACK");
}

/* Whoever is first, the other waits, and then knows. */
static void test_a_vote_of_a_user_who_is_being_deleted(void **state) {
    char words[64];
    pthread_t thread;
    (void)state;
    skip_without_postgres();
    postgres_exec(session, "BEGIN");
    assert_string_equal(outcomes(session, "{1}", "{1}", "0"), "cast");
    assert_int_equal(
        pthread_create(&thread, NULL, other_hand, strcpy(words, "DELETE FROM users WHERE id = 1")), 0);
    until_somebody_waits();
    postgres_exec(session, "COMMIT");
    pthread_join(thread, NULL);
    assert_string_equal(words, "23503");

    char second[16] = "";
    postgres_exec(session, "TRUNCATE votes");
    postgres_exec(session, "BEGIN");
    postgres_exec(session, "DELETE FROM users WHERE id = 1");
    assert_int_equal(pthread_create(&thread, NULL, vote_once, second), 0);
    until_somebody_waits();
    postgres_exec(session, "COMMIT");
    pthread_join(thread, NULL);
    assert_string_equal(second, "no_user");
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

/* Every row as channel:recipient:template:title:month, by recipient. */
static const char told[] =
    "SELECT string_agg(concat_ws(':', channel, recipient, template, data->>'username', data->>'title',"
    " data->>'month'), ' ' ORDER BY recipient) FROM outbox";

static void test_who_wants_to_hear_of_a_vote_will(void **state) {
    (void)state;
    skip_without_postgres();
    at("2031-01-15T00:00:00Z");
    ask_plain("maintain");
    postgres_exec(session, "UPDATE users SET notify_by = 'log' WHERE id IN (2, 3, 4, 5);"
                           "UPDATE users SET notify_by = 'email', email = 'six@x.org' WHERE id = 6;"
                           "UPDATE users SET notify_by = 'sms', phone = '+557' WHERE id = 7;"
                           "UPDATE users SET notify_by = 'email' WHERE id = 8");
    assert_string_equal(outcomes(session, "{7,2,1,3,3,777,4,6,8}", "{1,2,1,3,4,1,99,2,2}", "0"),
                        "cast cast cast cast again no_user no_movie cast cast");
    assert_string_equal(postgres_ask(session, told),
                        "sms:+557:vote_counted:user7:Film 1:2031-01 email:six@x.org:vote_counted:user6:Film "
                        "2:2031-01 log:user2:vote_counted:user2:Film 2:2031-01 "
                        "log:user3:vote_counted:user3:Film 3:2031-01");
    assert_string_equal(outcomes(session, "{2,5}", "{3,9}", "0"), "again cast");
    assert_string_equal(postgres_ask(session, "SELECT count(*), count(DISTINCT key) FROM outbox"), "5");
    postgres_exec(session, "BEGIN");
    assert_string_equal(outcomes(session, "{4}", "{3}", "0"), "cast");
    postgres_exec(session, "ROLLBACK");
    assert_string_equal(postgres_ask(session, "SELECT count(*) FROM outbox"), "5");
}

/* Rows 1 to count, due one after the other; their keys end in their numbers. */
static void fill_outbox(int count) {
    char sql[512];
    snprintf(
        sql, sizeof sql,
        "INSERT INTO outbox (key, channel, recipient, template, data, due_at)"
        " SELECT ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid, 'log', 'r' || g, 't', '{}',"
        " now() - interval '1 hour' + g * interval '1 second' FROM generate_series(1, %d) g",
        count);
    postgres_exec(session, sql);
}

#define KEY(number) "00000000-0000-0000-0000-00000000000" #number

/* recipient:attempts:state of all rows. */
static const char *outbox_now(void) {
    return postgres_ask(session,
                        "SELECT string_agg(concat_ws(':', recipient, attempts, CASE WHEN dead_at IS NOT NULL"
                        " THEN 'dead' WHEN claimed_until > now() THEN 'claimed' WHEN due_at > now() THEN"
                        " 'later' ELSE 'due' END, last_error), ' ' ORDER BY key) FROM outbox");
}

static void test_a_claim_is_for_a_time(void **state) {
    (void)state;
    skip_without_postgres();
    fill_outbox(3);
    assert_string_equal(ask("outbox_claim", "2", "60"), KEY(1) "|log|r1|t|{}|1; " KEY(2) "|log|r2|t|{}|1");
    assert_string_equal(ask("outbox_claim", "2", "0"), KEY(3) "|log|r3|t|{}|1");
    assert_string_equal(ask("outbox_claim", "9", "60"), KEY(3) "|log|r3|t|{}|2");
    assert_string_equal(ask("outbox_claim", "9", "60"), "");
    assert_string_equal(outbox_now(), "r1:1:claimed r2:1:claimed r3:2:claimed");
    postgres_exec(session,
                  "UPDATE outbox SET claimed_until = now() - interval '1 second' WHERE recipient = 'r2'");
    assert_string_equal(ask("outbox_claim", "9", "0.5"), KEY(2) "|log|r2|t|{}|2");
}

static void test_rows_are_settled_by_their_own_claim(void **state) {
    (void)state;
    skip_without_postgres();
    fill_outbox(6);
    ask("outbox_claim", "5", "60");
    assert_string_equal(ask("outbox_done", "{" KEY(1) "," KEY(9) "}"), KEY(1));
    assert_string_equal(
        ask("outbox_retry_later", "{" KEY(3) "," KEY(2) "}", "{1,1}", "{60,0}", "{rain,\"a \\\"b\"}"),
        KEY(2) "; " KEY(3));
    assert_string_equal(ask("outbox_dead", "{" KEY(4) "}", "{1}", "{gone}"), KEY(4));
    assert_string_equal(ask("outbox_release", "{" KEY(5) "}", "{1}"), KEY(5));
    assert_string_equal(outbox_now(), "r2:1:due:a \"b r3:1:later:rain r4:1:dead:gone r5:0:due r6:0:due");
    ask("outbox_claim", "1", "60"); /* r5, whose time was earliest, with r2's set anew */
    ask("outbox_claim", "9", "60");
    assert_string_equal(outbox_now(),
                        "r2:2:claimed:a \"b r3:1:later:rain r4:1:dead:gone r5:1:claimed r6:1:claimed");
    /* whoever had claimed r2 before comes too late */
    assert_string_equal(ask("outbox_retry_later", "{" KEY(2) "}", "{1}", "{0}", "{late}"), "");
    assert_string_equal(ask("outbox_dead", "{" KEY(2) "}", "{1}", "{late}"), "");
    assert_string_equal(ask("outbox_release", "{" KEY(2) "}", "{1}"), "");
    assert_string_equal(ask("outbox_done", "{}"), "");
}

static void test_an_operator_puts_rows_back(void **state) {
    (void)state;
    skip_without_postgres();
    fill_outbox(4);
    ask("outbox_claim", "3", "60");
    ask("outbox_dead", "{" KEY(1) "," KEY(2) "}", "{1,1}", "{gone,lost}");
    const char *list = ask("outbox_list", "9");
    assert_non_null(strstr(list, KEY(1) "|dead|log|r1|t|1|"));
    assert_non_null(strstr(list, "|gone; " KEY(2) "|dead|"));
    assert_non_null(strstr(list, KEY(3) "|sending|log|r3|t|1|"));
    assert_non_null(strstr(list, KEY(4) "|due|log|r4|t|0|"));
    assert_null(strstr(ask("outbox_list", "1"), ";"));
    assert_string_equal(ask("outbox_put_back", KEY(3)), ""); /* being sent */
    assert_string_equal(ask("outbox_put_back", KEY(9)), "");
    assert_string_equal(ask("outbox_put_back", KEY(1)), KEY(1) "|log|r1");
    assert_string_equal(ask("outbox_put_back", (const char *)NULL), KEY(2) "|log|r2");
    assert_string_equal(ask("outbox_put_back", (const char *)NULL), "");
    assert_string_equal(outbox_now(), "r1:0:due:gone r2:0:due:lost r3:1:claimed r4:0:due");
}

struct claimer {
    pthread_t thread;
    pthread_barrier_t *together;
    int count;
};

/* Claims three at a time until nothing comes, as everybody else does, and notes each row it got. */
static void *claim_all(void *arg) {
    struct claimer *claimer = arg;
    struct session *own = postgres_session(embedded_postgres_conninfo(postgres));
    const char *const params[] = {"3", "60"};
    pthread_barrier_wait(claimer->together);
    for (int empty = 0; empty < 3;) { /* all that is left may be in others' hands for a moment */
        const char *rows = ask_in(own, "outbox_claim", 2, params);
        empty = *rows ? 0 : empty + 1;
        for (; *rows; claimer->count++) {
            rows += strcspn(rows, ";");
            rows += *rows == ';' ? 2 : 0;
        }
    }
    session_close(own);
    return NULL;
}

static void test_nobody_claims_what_another_has(void **state) {
    enum { CLAIMERS = 4, ROWS = 400 };
    struct claimer claimers[CLAIMERS] = {0};
    pthread_barrier_t together;
    int count = 0;
    (void)state;
    skip_without_postgres();
    fill_outbox(ROWS);
    assert_int_equal(pthread_barrier_init(&together, NULL, CLAIMERS), 0);
    for (int i = 0; i < CLAIMERS; i++) {
        claimers[i].together = &together;
        assert_int_equal(pthread_create(&claimers[i].thread, NULL, claim_all, &claimers[i]), 0);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        pthread_join(claimers[i].thread, NULL);
        count += claimers[i].count;
    }
    pthread_barrier_destroy(&together);
    assert_int_equal(count, ROWS);
    assert_string_equal(postgres_ask(session, "SELECT count(*) FROM outbox WHERE attempts = 1"), "400");
}

/* --- the ranking ---------------------------------------------------------------------------------------- */

static void test_fold_over_months_and_slots(void **state) {
    (void)state;
    skip_without_postgres();
    at("2031-03-15T00:00:00Z");
    ask_plain("maintain");
    outcomes(session, "{1,2,3}", "{5,5,6}", "0");
    outcomes(session, "{4}", "{5}", "1");
    assert_string_equal(ask_plain("fold_standings"), "4|4|2031-03|5,6");
    assert_string_equal(ask_plain("fold_standings"), "0|4|-|-");
    at("2031-04-15T00:00:00Z");
    outcomes(session, "{1,2,3,5}", "{7,6,6,6}", "1");
    assert_string_equal(ask_plain("fold_standings"), "4|8|2031-04|6,7");
    at("2031-03-20T00:00:00Z"); /* an old month, late */
    outcomes(session, "{9}", "{7}", "2");
    assert_string_equal(ask_plain("fold_standings"), "2|9|2031-03|7");
    assert_string_equal(ask_plain("audit"), "");
    assert_string_equal(
        postgres_ask(session, "SELECT string_agg(concat_ws(':', period, movie_id, votes), ' '"
                              " ORDER BY period, votes DESC, movie_id) FROM standings"),
        "2031-03:5:3 2031-03:6:1 2031-03:7:1 2031-04:6:3 2031-04:7:1 all:6:4 all:5:3 all:7:2");
}

static void *fold_in_turn(void *arg) {
    struct session *own = postgres_session(embedded_postgres_conninfo(postgres));
    postgres_exec(own, "SET statement_timeout = '20s'; BEGIN");
    ask_in(own, "lock_standings", 0, NULL);
    snprintf(arg, 16, "%s", ask_in(own, "fold_standings", 0, NULL));
    postgres_exec(own, "COMMIT");
    session_close(own);
    return NULL;
}

/* The second fold waits, and then sees what the first has done: nothing is counted twice. */
static void test_folds_take_turns(void **state) {
    char second[16] = "";
    pthread_t thread;
    struct session *other;
    int64_t deadline = clock_ns() + 20 * CLOCK_NS_PER_S;
    (void)state;
    skip_without_postgres();
    other = postgres_session(embedded_postgres_conninfo(postgres));
    at("2031-03-15T00:00:00Z");
    ask_plain("maintain");
    outcomes(session, "{1,2}", "{5,6}", "0");
    postgres_exec(session, "BEGIN");
    ask_plain("lock_standings");
    assert_int_equal(pthread_create(&thread, NULL, fold_in_turn, second), 0);
    while (strcmp(postgres_ask(other, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"), "t") != 0)
        assert_true(clock_ns() < deadline);
    assert_string_equal(ask_plain("fold_standings"), "4|2|2031-03|5,6");
    postgres_exec(session, "COMMIT");
    pthread_join(thread, NULL);
    session_close(other);
    assert_string_equal(second, "0|2|-|-");
    assert_string_equal(ask_plain("audit"), "");
}

static void test_top_is_by_votes_then_id(void **state) {
    (void)state;
    skip_without_postgres();
    at("2031-05-15T00:00:00Z");
    ask_plain("maintain");
    outcomes(session, "{1,2,3,4}", "{9,5,9,2}", "0");
    ask_plain("fold_standings");
    const char *top = ask("top_movies", "current", "2");
    assert_non_null(strstr(top, "1|9|Film 9|-|2|"));
    assert_non_null(strstr(top, "; 2|2|Film 2|-|1|"));
    assert_null(strstr(top, "; 3|"));
    assert_non_null(strstr(ask("top_movies", "2031-05", "9"), "; 3|5|Film 5|-|1|"));
    assert_non_null(strstr(ask("top_movies", "all", "9"), "; 3|5|Film 5|-|1|"));
    assert_string_equal(ask("top_movies", "2031-06", "9"), "");
}

static void test_audit_tells_what_differs(void **state) {
    (void)state;
    skip_without_postgres();
    at("2031-05-15T00:00:00Z");
    ask_plain("maintain");
    outcomes(session, "{1,2}", "{5,5}", "0");
    assert_string_equal(ask_plain("audit"), "2031-05|5|2|2|0; all|5|2|2|0");
    ask_plain("fold_standings");
    assert_string_equal(ask_plain("audit"), "");
    postgres_exec(session, "UPDATE tallies SET votes = votes + 1");
    assert_string_equal(ask_plain("audit"), "2031-05|5|2|3|2; all|5|2|3|2");
    postgres_exec(session, "UPDATE tallies SET votes = votes - 1; DELETE FROM votes WHERE user_id = 1");
    assert_string_equal(ask_plain("audit"), "2031-05|5|1|2|2; all|5|1|2|2");
}

/* --- housekeeping ----------------------------------------------------------------------------------------
 */

static void test_housekeeping(void **state) {
    char dir[96], path[128];
    struct query_set *empty = NULL;
    struct err err = {0};
    (void)state;
    skip_without_postgres();
    assert_string_equal(
        postgres_ask(session,
                     "SELECT count(*) FROM generate_series(0, 2) i WHERE to_regclass('votes_' ||"
                     " to_char(voting_month() + make_interval(months => i), 'YYYY_MM')) IS NOT NULL"),
        "3");
    assert_ok(housekeeping_run(embedded_postgres_conninfo(postgres), queries, &err), &err);
    snprintf(dir, sizeof dir, "%s/queries", folder);
    snprintf(path, sizeof path, "%s/other.sql", dir);
    assert_int_equal(mkdir(dir, 0755), 0);
    FILE *file = fopen(path, "w");
    fputs("-- class: read\nSELECT 1 AS one\n", file);
    fclose(file);
    assert_ok(query_set_load(&empty, dir, &err), &err);
    assert_int_equal(housekeeping_run(embedded_postgres_conninfo(postgres), empty, &err), ERR_NOT_FOUND);
    query_set_free(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_query_prepares_as_its_header_says, fresh),
        cmocka_unit_test_setup(test_every_column_is_documented, fresh),
        cmocka_unit_test_setup(test_names_are_one_whatever_their_case_or_form, fresh),
        cmocka_unit_test_setup(test_import_twice_changes_nothing, fresh),
        cmocka_unit_test_setup(test_a_film_of_two_catalogues_is_one, fresh),
        cmocka_unit_test_setup(test_the_source_that_brought_a_film_leads, fresh),
        cmocka_unit_test_setup(test_a_film_is_met_once_and_by_its_director_first, fresh),
        cmocka_unit_test_setup(test_pages_and_search, fresh),
        cmocka_unit_test_setup(test_outcomes_in_the_order_of_the_calls, fresh),
        cmocka_unit_test_setup(test_the_month_ends_in_utc, fresh),
        cmocka_unit_test_setup(test_a_month_without_a_place_is_an_error, fresh),
        cmocka_unit_test_setup(test_everybody_at_once, fresh),
        cmocka_unit_test_setup(test_two_votes_of_one_user_at_the_same_time, fresh),
        cmocka_unit_test_setup(test_who_has_voted_stays, fresh),
        cmocka_unit_test_setup(test_a_vote_of_a_user_who_is_being_deleted, fresh),
        cmocka_unit_test_setup(test_who_wants_to_hear_of_a_vote_will, fresh),
        cmocka_unit_test_setup(test_a_claim_is_for_a_time, fresh),
        cmocka_unit_test_setup(test_rows_are_settled_by_their_own_claim, fresh),
        cmocka_unit_test_setup(test_an_operator_puts_rows_back, fresh),
        cmocka_unit_test_setup(test_nobody_claims_what_another_has, fresh),
        cmocka_unit_test_setup(test_fold_over_months_and_slots, fresh),
        cmocka_unit_test_setup(test_folds_take_turns, fresh),
        cmocka_unit_test_setup(test_top_is_by_votes_then_id, fresh),
        cmocka_unit_test_setup(test_audit_tells_what_differs, fresh),
        cmocka_unit_test_setup(test_housekeeping, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
