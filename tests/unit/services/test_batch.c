/* test_batch.c -- many calls, one statement: who leaves together and in which order, what becomes of a bad
 * row's neighbours, and of everybody when the connection or the statement is lost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/pool_rig.h"

/* Each batch says how large it was and which transaction; `place` is a row's own in the arrays. The rows come
 * back in another order than they went out. A batch's runs are counted also where they fail. */
#define SCHEMA                                                                                               \
    "CREATE SEQUENCE runs;"                                                                                  \
    "CREATE TABLE things (id bigint, body text, place bigint, at bigserial);"                                \
    "CREATE FUNCTION judge(id bigint, body text, size bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "  \
    "IF body = 'bad' THEN RAISE EXCEPTION 'no %%', id USING ERRCODE = '23514'; END IF;"                      \
    "IF body = 'wait' OR body = 'wait in part' AND size < 256 THEN PERFORM pg_advisory_xact_lock_shared(2, " \
    "%d); END IF;"                                                                                           \
    "IF body = 'collide' OR body = 'collide once' AND (SELECT last_value FROM runs) = 1 THEN "               \
    "RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;"                                            \
    "RETURN id; END $$"

#define STORE(key)                                                                                           \
    "-- class: batch\n-- params: id bigint, body text\n" key                                                 \
    "WITH run AS MATERIALIZED (SELECT nextval('runs') AS number), call AS MATERIALIZED ("                    \
    "SELECT n, id, body, count(*) OVER () AS size FROM run, unnest($1, $2) WITH ORDINALITY AS t (id, body, " \
    "n)"                                                                                                     \
    "), stored AS (INSERT INTO things (id, body, place) "                                                    \
    "SELECT judge(id, body, size), body, n FROM call ORDER BY n)"                                            \
    "SELECT n, id, body, size, pg_current_xact_id()::text::bigint AS tx FROM call ORDER BY md5(n::text)"

enum { N, ID, BODY, SIZE, TX };

static const struct query *store, *gate;

static void prepare(void) {
    char sql[2048];
    snprintf(sql, sizeof sql, SCHEMA, (int)getpid());
    rig_exec(sql);
    store = rig_query(STORE("-- key: id\n"));
    snprintf(sql, sizeof sql,
             "-- class: batch\n-- params: a int\n"
             "SELECT n, pg_backend_pid(), pg_advisory_xact_lock_shared(1, %d)::text FROM unnest($1) WITH "
             "ORDINALITY AS t (a, n)",
             (int)getpid());
    gate = rig_query(sql);
}

#define BATCH_RIG(options)                                                                                   \
    do {                                                                                                     \
        RIG(options);                                                                                        \
        prepare();                                                                                           \
    } while (0)

static long number_of(uint32_t slot, size_t column) {
    return strtol(rig_value(rig_wait(slot), column), NULL, 10);
}

static void run(long id, const char *body, uint32_t slot) {
    char text[24];
    snprintf(text, sizeof text, "%ld", id);
    rig_run(store, RIG_PARAMS(text, body), slot);
}

#define GATE_SLOT (RIG_ANSWERS - 1)

/* Two places where a batch may be held up: the gate, behind which calls gather, and in the midst of a row. */
enum { GATE = 1, ROW = 2 };

static void lock(int place) {
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_advisory_lock(%d, %d)", place, (int)getpid());
    rig_exec(sql);
}

static void unlock(int place) {
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_advisory_unlock(%d, %d)", place, (int)getpid());
    rig_exec(sql);
}

static void shut_gate(void) {
    lock(GATE);
    rig_run(gate, RIG_PARAMS("1"), GATE_SLOT);
    RIG_UNTIL(rig_counts().batch_waiting == 0); /* it has left */
}

static void open_gate(void) {
    unlock(GATE);
    assert_int_equal(rig_wait(GATE_SLOT)->err.code, ERR_OK);
}

/* The process id of the batch that is held up there. */
static long pid_at(int place) {
    long pid = 0;
    RIG_UNTIL((rig_numberf(&pid,
                           "SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND "
                           "NOT granted AND classid = %d AND objid = %d",
                           place, (int)getpid()),
               pid != 0));
    return pid;
}

static void cut(long pid) {
    long done;
    rig_numberf(&done, "SELECT pg_terminate_backend(%ld)::int", pid);
    assert_int_equal(done, 1);
}

static struct share_numbers numbers_now(void) {
    struct share_numbers numbers = {0};
    share_read(rig.share, &numbers);
    return numbers;
}

/* --- together --------------------------------------------------------------------------------------- */

static void test_many_share_a_commit(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    for (uint32_t i = 0; i < 300; i++)
        run(1000 - (long)i, "x", i);
    assert_int_equal(rig_counts().batch_waiting, 300);
    open_gate();
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(number_of(i, ID), 1000 - (long)i);
        assert_int_equal(number_of(i, SIZE), i < 256 ? 256 : 44);
    }
    assert_int_equal(rig_number("SELECT count(DISTINCT xmin::text) FROM things"), 2);
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 2);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 300);
    assert_int_equal(rig_counts().batch_waiting, 0);
    struct share_numbers numbers = numbers_now();
    assert_int_equal(numbers.rows.sum, 301); /* the gate's call is one as well */
    assert_int_equal(numbers.rows.within[0], 1);
    assert_int_equal(numbers.rows.within[6], 1); /* 44 */
    assert_int_equal(numbers.rows.within[8], 1); /* 256 */
    assert_int_equal(numbers.statements[QUERY_BATCH], 3);
    assert_int_equal(numbers.splits, 0);
}

/* Also where nothing is out: the first does not leave without those who come in the same turn. */
static void test_a_turn_leaves_together(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    for (uint32_t i = 0; i < 10; i++)
        run((long)i, "x", i);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(number_of(i, SIZE), 10);
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 1);
}

/* As numbers, not as texts, and whatever order they came in. */
static void test_keys_are_in_order(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    static const long ids[] = {10, 9, -3, 100, 0, -20, 9007199254740993, 2};
    shut_gate();
    for (uint32_t i = 0; i < 8; i++)
        run(ids[i], "x", i);
    open_gate();
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(number_of(i, ID), ids[i]);
    assert_int_equal(number_of(0, SIZE), 8);
    assert_int_equal(
        rig_number("SELECT count(*) FROM (SELECT place, rank() OVER (ORDER BY id) AS r FROM things) t "
                   "WHERE place <> r"),
        0);
}

static void test_calls_without_a_key(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    store = rig_query(STORE(""));
    shut_gate();
    for (uint32_t i = 0; i < 5; i++)
        run(i == 2 ? 9 : 1, "x", i);
    open_gate();
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(number_of(i, SIZE), 5);
        assert_int_equal(number_of(i, N), i + 1);
    }
}

/* --- one key ---------------------------------------------------------------------------------------- */

static void test_one_key_goes_by_turns(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    run(1, "a", 0);
    run(2, "x", 1);
    run(1, "b", 2);
    rig_run(store, RIG_PARAMS(" 01", "c"), 3); /* the same to the database */
    run(3, "x", 4);
    rig_run(store, RIG_PARAMS(NULL, "x"), 5); /* SQL NULL is nobody's key */
    rig_run(store, RIG_PARAMS(NULL, "x"), 6);
    open_gate();
    long first = number_of(0, TX);
    assert_int_equal(number_of(1, TX), first);
    assert_int_equal(number_of(4, TX), first);
    assert_int_equal(number_of(5, TX), first);
    assert_int_equal(number_of(6, TX), first);
    assert_true(first < number_of(2, TX));
    assert_true(number_of(2, TX) < number_of(3, TX));
    assert_int_equal(
        rig_number("SELECT count(*) FROM things WHERE id = 1 AND "
                   "body = (ARRAY['a','b','c'])[(SELECT count(*) FROM things t WHERE t.id = 1 AND "
                   "t.at <= things.at)]"),
        3);
}

/* Whoever is behind a crowd with one key does not wait for it. */
static void test_a_flood_of_one_key(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    for (uint32_t i = 0; i < 400; i++)
        run(1, "x", i);
    run(2, "x", 400);
    open_gate();
    assert_int_equal(number_of(400, TX), number_of(0, TX));
    for (uint32_t i = 1; i < 400; i++)
        assert_true(number_of(i - 1, TX) < number_of(i, TX));
}

/* --- two statements --------------------------------------------------------------------------------- */

static void test_two_statements_take_turns(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    const struct query *one = store, *other = rig_query(STORE("-- key: id\n-- another\n"));
    shut_gate();
    for (uint32_t i = 0; i < 100; i++) {
        store = i % 2 ? other : one;
        run((long)(i / 4 * 2 + i % 2), "x", i); /* each key twice */
    }
    open_gate();
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(number_of(i, SIZE), 25);
    long turns[4] = {number_of(0, TX), number_of(1, TX), number_of(2, TX), number_of(3, TX)};
    for (uint32_t i = 1; i < 4; i++)
        assert_true(turns[i - 1] < turns[i]); /* the oldest that waits says whose turn it is */
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(number_of(i, TX), turns[i % 4]);
}

/* --- bad rows --------------------------------------------------------------------------------------- */

static void check_one_bad(uint32_t bad, const char *state) {
    for (uint32_t i = 0; i < 256; i++) {
        const struct share_answer *answer = rig_wait(i);
        if (i == bad)
            assert_string_equal(answer->err.state, state);
        else
            assert_int_equal(number_of(i, ID), i);
    }
    assert_int_equal(number_of(256, ID), 999); /* who came behind them */
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 256);
    assert_in_range(rig_number("SELECT last_value FROM runs"), 17, 40);
}

static void test_a_bad_row_fails_alone(void **state) {
    (void)state;
    static const uint32_t places[] = {0, 100, 255};
    BATCH_RIG(rig_options());
    for (int place = 0; place < 3; place++) {
        shut_gate();
        for (uint32_t i = 0; i < 256; i++)
            run((long)i, i == places[place] ? "bad" : "x", i);
        run(999, "x", 256);
        open_gate();
        check_one_bad(places[place], "23514");
        rig_exec("TRUNCATE things; ALTER SEQUENCE runs RESTART");
    }
}

/* A value that is none is refused before the statement runs at all. */
static void test_a_bad_value_fails_alone(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    for (uint32_t i = 0; i < 10; i++)
        if (i == 4)
            rig_run(store, RIG_PARAMS("four", "x"), i);
        else
            run((long)i, "x", i);
    open_gate();
    for (uint32_t i = 0; i < 10; i++)
        if (i == 4)
            assert_string_equal(rig_wait(i)->err.state, "22P02");
        else
            assert_int_equal(number_of(i, ID), i);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 9);
}

/* Of two rows that only together break a rule the second is refused, and only at the commit. */
static void test_a_bad_pair(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    rig_exec("ALTER TABLE things ADD UNIQUE (body) DEFERRABLE INITIALLY DEFERRED");
    char body[16];
    shut_gate();
    for (uint32_t i = 0; i < 20; i++) {
        snprintf(body, sizeof body, "%d", i == 13 ? 5 : (int)i);
        run((long)i, body, i);
    }
    open_gate();
    for (uint32_t i = 0; i < 20; i++)
        assert_string_equal(rig_wait(i)->err.state, i == 13 ? "23505" : "");
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 19);
}

static void test_all_are_bad(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    for (uint32_t i = 0; i < 256; i++)
        run((long)i, "bad", i);
    open_gate();
    char text[16];
    for (uint32_t i = 0; i < 256; i++) {
        snprintf(text, sizeof text, "no %d", (int)i); /* each is told of his own */
        assert_string_equal(rig_wait(i)->err.text, text);
    }
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 264);
    struct share_numbers numbers = numbers_now();
    assert_int_equal(numbers.splits, 8); /* 256, 128 ... 2 */
    assert_int_equal(numbers.statements[QUERY_BATCH], 1 + 264);
    assert_int_equal(numbers.rows.sum, 1 + 256); /* they left together once */
    run(1, "x", 0);
    assert_int_equal(number_of(0, SIZE), 1);
}

/* --- in each other's way ---------------------------------------------------------------------------- */

static void test_a_collision_is_tried_once_more(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    shut_gate();
    for (uint32_t i = 0; i < 10; i++)
        run((long)i, i == 3 ? "collide once" : "x", i);
    open_gate();
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(number_of(i, SIZE), 10);
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 2);

    shut_gate();
    for (uint32_t i = 0; i < 10; i++)
        run((long)i, i == 3 ? "collide" : "x", i);
    open_gate();
    for (uint32_t i = 0; i < 10; i++)
        assert_string_equal(rig_wait(i)->err.state, "40P01");
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 4);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 10);
}

/* Two shares count the same rows, one from either end. Each row is locked a moment after the other, so that
 * in another order than that of the keys they would meet in a ring. */
static void test_overlapping_batches(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    rig_exec("CREATE TABLE counters (id bigint PRIMARY KEY, hits bigint)");
    const struct query *count =
        rig_query("-- class: batch\n-- params: id bigint\n-- key: id\n"
                  "WITH run AS MATERIALIZED (SELECT nextval('runs')), counted AS ("
                  "INSERT INTO counters SELECT c.id, 1 FROM run, unnest($1) AS c(id) "
                  "ON CONFLICT (id) DO UPDATE SET hits = counters.hits + 1 RETURNING pg_sleep(0.002)"
                  ") SELECT t.n, count(counted)::bigint FROM counted, unnest($1) WITH ORDINALITY AS t(id, n) "
                  "GROUP BY t.n");
    rig_exec("INSERT INTO counters SELECT n, 0 FROM generate_series(0, 99) AS n");
    struct share *shares[2] = {rig.share, NULL};
    assert_int_equal(share_open(&shares[1], rig.pool, rig.reactor, rig.mailbox, rig_done, NULL, NULL),
                     ERR_OK);
    RIG_UNTIL(pool_ready(rig.pool));
    lock(GATE);
    for (uint32_t half = 0; half < 2; half++) {
        rig.share = shares[half];
        rig_run(gate, RIG_PARAMS("1"), 400 + half);
        for (uint32_t i = 0; i < 100; i++) {
            char id[8];
            snprintf(id, sizeof id, "%d", (int)(half ? 99 - i : i));
            rig_run(count, RIG_PARAMS(id), half * 200 + i);
        }
    }
    rig.share = shares[0];
    unlock(GATE);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(number_of(i < 100 ? i : i + 100, 1), 100);
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 2); /* none was run again */
    assert_int_equal(rig_number("SELECT count(*) FROM counters WHERE hits = 2"), 100);
    share_close(shares[1]);
}

/* --- lost ------------------------------------------------------------------------------------------- */

static void test_a_full_batch_is_stale(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    run(-1, "x", 0);
    assert_int_equal(number_of(0, ID), -1);
    rig_exec("ALTER TABLE things ALTER id TYPE int");
    const struct query *types =
        rig_query("-- class: batch\n-- params: a bigint\n-- key: a\n"
                  "SELECT t.n, things.id FROM things, unnest($1) WITH ORDINALITY AS t(a, n)");
    rig_ask(types, RIG_PARAMS("1"));
    rig_exec("ALTER TABLE things ALTER id TYPE bigint");
    char id[8];
    shut_gate();
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "%d", (int)i);
        rig_run(types, RIG_PARAMS(id), i);
    }
    open_gate();
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(number_of(i, 1), -1);
        assert_int_equal(rows_type(rig_wait(i)->rows, 1), TYPE_BIGINT);
    }
}

static void test_a_full_batch_is_cut(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    lock(ROW);
    shut_gate();
    for (uint32_t i = 0; i < 256; i++)
        run((long)i, i == 9 ? "wait" : "x", i);
    for (uint32_t i = 256; i < 300; i++)
        run((long)i - 256, "behind", i); /* the same keys */
    open_gate();
    cut(pid_at(ROW));
    for (uint32_t i = 0; i < 256; i++)
        assert_int_equal(rig_wait(i)->err.code, ERR_UNKNOWN);
    for (uint32_t i = 256; i < 300; i++)
        assert_int_equal(number_of(i, SIZE), 44);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 44); /* nothing was tried again */
    assert_int_equal(rig_number("SELECT last_value FROM runs"), 2);
}

/* Cut while it is taken apart: in doubt is the part alone. The others wait on, before those that came later.
 */
static void test_a_part_is_cut(void **state) {
    (void)state;
    BATCH_RIG(rig_options());
    lock(ROW);
    shut_gate();
    for (uint32_t i = 0; i < 256; i++)
        run((long)(255 - i), i == 55 ? "bad" : i == 200 ? "wait in part" : "x", i);
    for (uint32_t i = 256; i < 300; i++)
        run((long)i - 100, "behind", i); /* the same keys as some of those that wait on */
    open_gate();
    cut(pid_at(ROW));
    for (uint32_t i = 0; i < 256; i++)
        if (i == 55)
            assert_string_equal(rig_wait(i)->err.state, "23514");
        else
            assert_int_equal(rig_wait(i)->err.code, i < 128 ? ERR_OK : ERR_UNKNOWN);
    for (uint32_t i = 256; i < 300; i++)
        assert_string_equal(rig_value(rig_wait(i), BODY), "behind");
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 127 + 44);
    assert_int_equal(
        rig_number("SELECT count(*) FROM things a JOIN things b USING (id) WHERE a.body = 'x' AND "
                   "b.body = 'behind' AND a.at > b.at"),
        0);
}

/* --- bounds ----------------------------------------------------------------------------------------- */

static void test_a_full_queue(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.queue = 10;
    BATCH_RIG(options);
    for (int round = 0; round < 2; round++) {
        shut_gate();
        for (uint32_t i = 0; i < 9; i++)
            run((long)i, i == 3 ? "bad" : "x", i);
        assert_int_equal(rig_try(store, RIG_PARAMS("9", "x"), 9), ERR_BUSY);
        open_gate();
        for (uint32_t i = 0; i < 9; i++)
            assert_string_equal(rig_wait(i)->err.state, i == 3 ? "23514" : "");
    }
    assert_false(rig.answered[9]);
}

/* Who waits for too long is told so and was not sent; who has left gets his answer, however late. */
static void test_deadlines(void **state) {
    (void)state;
    struct pool_options options = rig_options();
    options.wait_ms = 100;
    BATCH_RIG(options);
    shut_gate();
    for (uint32_t i = 0; i < 20; i++)
        run(1, "x", i);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(rig_wait(i)->err.code, ERR_BUSY);
    assert_false(rig.answered[GATE_SLOT]);
    open_gate();
    run(1, "x", 0);
    assert_int_equal(number_of(0, SIZE), 1);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_many_share_a_commit, rig_close),
        cmocka_unit_test_teardown(test_a_turn_leaves_together, rig_close),
        cmocka_unit_test_teardown(test_keys_are_in_order, rig_close),
        cmocka_unit_test_teardown(test_calls_without_a_key, rig_close),
        cmocka_unit_test_teardown(test_one_key_goes_by_turns, rig_close),
        cmocka_unit_test_teardown(test_a_flood_of_one_key, rig_close),
        cmocka_unit_test_teardown(test_two_statements_take_turns, rig_close),
        cmocka_unit_test_teardown(test_a_bad_row_fails_alone, rig_close),
        cmocka_unit_test_teardown(test_a_bad_value_fails_alone, rig_close),
        cmocka_unit_test_teardown(test_a_bad_pair, rig_close),
        cmocka_unit_test_teardown(test_all_are_bad, rig_close),
        cmocka_unit_test_teardown(test_a_collision_is_tried_once_more, rig_close),
        cmocka_unit_test_teardown(test_overlapping_batches, rig_close),
        cmocka_unit_test_teardown(test_a_full_batch_is_stale, rig_close),
        cmocka_unit_test_teardown(test_a_full_batch_is_cut, rig_close),
        cmocka_unit_test_teardown(test_a_part_is_cut, rig_close),
        cmocka_unit_test_teardown(test_a_full_queue, rig_close),
        cmocka_unit_test_teardown(test_deadlines, rig_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
