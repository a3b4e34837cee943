/* test_database.c -- handlers and a real server: what values become, and that no way of ending a handler
 * keeps its connection. Each handler checks for itself what it sees; what it raises is a 500. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/base/log.h"
#include "../../../core/script/dispatch.h"
#include "../../../core/script/generation.h"
#include "../../../core/script/scheduler.h"
#include "../../../core/services/settings.h"
#include "../../../core/services/snapshot.h"
#include "../support/pool_rig.h"

static const struct {
    const char *name, *text;
} files[] = {
    {"app.lua",
     "local route, field, db = require 'plateia.route', require 'plateia.field', require 'plateia.db'\n"
     "local json = require 'plateia.json'\n"
     "local values, arrays, wide, many = db.one 'values', db.one 'arrays', db.one 'wide', db.query 'many'\n"
     "local echo, add, count, slow = db.one 'echo', db.one 'add', db.one 'count', db.query 'slow'\n"
     "local kept\n"
     "local function get(path, handler)\n"
     "  return route.get(path) { summary = path, answers = { [200] = field.object { ok = field.boolean {} } "
     "},\n"
     "    handler = function(req) handler(req) return { ok = true } end }\n"
     "end\n"
     "local Row = field.object { nothing = field.string { optional = true }, empty = field.string {},\n"
     "  text = field.string {}, most = field.integer {}, least = field.integer {}, real = field.number {},\n"
     "  no = field.boolean {}, at = field.string {}, forever = field.any {}, absent = field.any { optional = "
     "true } }\n"
     "local function page(path, of, rows)\n"
     "  return route.get(path) { summary = path, answers = { [200] = field.list { of = of } },\n"
     "    handler = function() return assert(rows()) end }\n"
     "end\n"
     "return { routes = {\n"
     "  page('/page/tables', Row, db.query 'values'), page('/page/rows', Row, db.rows 'values'),\n"
     "  page('/page/any', field.any {}, db.rows 'three'), page('/page/none', Row, db.rows 'none'),\n"
     "  page('/page/missing', field.object { nothing = field.string {} }, db.rows 'values'),\n"
     "  page('/page/unfit', field.object { text = field.integer {} }, db.rows 'values'),\n"
     "  get('/kept', function()\n"
     "    local rows, seen = assert(db.rows 'three' ()), {}\n"
     "    assert(#rows == 3 and rows[3].n == 3 and rows[4] == nil and rows.n == nil and rows[0] == nil)\n"
     "    rows[1].n = 7\n"
     "    assert(rows[1].n == 1)\n"
     "    for i, row in ipairs(rows) do seen[i] = row.n end\n"
     "    for i, row in pairs(rows) do seen[i] = seen[i] + row.n end\n"
     "    assert(seen[1] == 2 and seen[3] == 6)\n"
     "    local step = pairs(rows)\n"
     "    for _, at in ipairs { 3, -1, math.maxinteger, math.mininteger } do assert(not step(rows, at)) end\n"
     "    for _, key in ipairs { 1, 2, 4, 'x' } do\n"
     "      local fine, why = pcall(function() rows[key] = nil end)\n"
     "      assert(not fine and why:find('cannot be changed', 1, true), why)\n"
     "    end\n"
     "    assert(not pcall(function() rows[3] = {} end))\n"
     "    rows[#rows] = nil\n"
     "    assert(#rows == 2 and rows[3] == nil and json.encode(rows) == '[{\"n\":1},{\"n\":2}]')\n"
     "    assert(#assert(db.rows 'none' ()) == 0)\n"
     "    local none, why, code = db.rows 'broken' ()\n"
     "    assert(none == nil and code == 'error', why)\n"
     "  end),\n"
     "  get('/values', function()\n"
     "    local row = assert(values())\n"
     "    assert(row.nothing == nil and row.empty == '')\n"
     "    assert(row.text == 'Ünïcödé 映画 🎬 \\\\ \" \\'')\n"
     "    assert(row.most == math.maxinteger and row.least == math.mininteger)\n"
     "    assert(math.type(row.real) == 'float' and row.real == 1.0)\n"
     "    assert(row.no == false and row.yes == true)\n"
     "    assert(row.at == '2026-11-22T18:13:00.123Z', row.at)\n"
     "    assert(row.forever == 'infinity')\n"
     "  end),\n"
     "  get('/arrays', function()\n"
     "    local texts = { 'a', 'b\"c', '\\\\', '', 'NULL', '{},', 'é' }\n"
     "    local row = assert(arrays(texts, { 1, -2, json.null, math.maxinteger }, { true, false }))\n"
     "    assert(row.texts == table.concat(texts, '|') and row.count == 4 and row.nulls == 1 and row.yes == "
     "1)\n"
     "    assert(not pcall(arrays, { {} }, {}, {}) and not pcall(arrays, { 'a\\0b' }, {}, {}))\n"
     "    assert(not pcall(echo, 'a\\0b') and not pcall(echo, print) and not pcall(echo, 1, 2))\n"
     "    local text, why, code, state = arrays({}, { 'x' }, {})\n"
     "    assert(text == nil and code == 'error' and state == '22P02', why)\n"
     "    assert(echo(2.0).text == '2' and echo(true).text == 'true' and echo().text == nil)\n"
     "  end),\n"
     "  get('/wide', function()\n"
     "    local row = assert(wide(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0.5))\n"
     "    for i = 1, 1000 do assert(row['c' .. i] == i + 0.5) end\n"
     "    local rows = assert(many())\n"
     "    assert(#rows == 20000 and rows[20000].n == 20000)\n"
     "  end),\n"
     "  get('/raises', function()\n"
     "    local tx = assert(db.transaction())\n"
     "    assert(tx:one(add, 1))\n"
     "    error 'in the middle'\n"
     "  end),\n"
     "  get('/closes', function()\n"
     "    do local tx <close> = assert(db.transaction()); assert(tx:one(add, 2)) end\n"
     "    assert(count().n == 0)\n"
     "    local tx <close> = assert(db.transaction())\n"
     "    assert(tx:one(add, 3))\n"
     "    assert(tx:commit())\n"
     "    assert(not pcall(tx.query, tx, count))\n"
     "    assert(count().n == 1)\n"
     "  end),\n"
     "  get('/nested', function()\n"
     "    local tx <close> = assert(db.transaction())\n"
     "    local fine, why = pcall(count)\n"
     "    assert(not fine and why:find 'a transaction is open', why)\n"
     "    fine, why = pcall(db.transaction)\n"
     "    assert(not fine and why:find 'open already', why)\n"
     "  end),\n"
     "  get('/fails', function()\n"
     "    local tx <close> = assert(db.transaction())\n"
     "    local rows, _, code, state = tx:query(add, 'x')\n"
     "    assert(rows == nil and code == 'error' and state == '22P02')\n"
     "    assert(not tx:commit())\n"
     "  end),\n"
     "  get('/callback', function()\n"
     "    for _, wait in ipairs { function() return count().n end, db.transaction } do\n"
     "      local fine, why = pcall(string.gsub, 'x', 'x', wait)\n"
     "      assert(not fine and why:find 'nothing may wait', why)\n"
     "      assert(echo('its own').text == 'its own')\n"
     "    end\n"
     "  end),\n"
     "  get('/slow', function() local tx <close> = assert(db.transaction()); kept = tx; "
     "assert(tx:query(slow)) end),\n"
     "  get('/begins', function() local tx <close> = assert(db.transaction()) end),\n"
     "  get('/others', function()\n"
     "    local fine, why = pcall(kept.query, kept, count)\n"
     "    assert(not fine and (why:find 'another request' or why:find 'is over'), why)\n"
     "    fine, why = pcall(kept.commit, kept)\n"
     "    assert(not fine and (why:find 'another request' or why:find 'is over'), why)\n"
     "  end),\n"
     "} }\n"},
    {"values.sql",
     "-- class: read\n"
     "SELECT NULL::text AS nothing, ''::text AS empty, 'Ünïcödé 映画 🎬 \\ \" '''::text AS text,\n"
     "  9223372036854775807 AS most, '-9223372036854775808'::bigint AS least, 1::double precision AS real,\n"
     "  false AS no, true AS yes, '2026-11-22 18:13:00.123Z'::timestamptz AS at,\n"
     "  'infinity'::timestamptz AS forever"},
    {"arrays.sql", "-- class: read\n-- params: texts text[], numbers bigint[], flags boolean[]\n"
                   "SELECT array_to_string($1, '|') AS texts, cardinality($2) AS count,\n"
                   "  (SELECT count(*) FROM unnest($2) AS t (v) WHERE v IS NULL) AS nulls,\n"
                   "  (SELECT count(*) FROM unnest($3) AS t (v) WHERE v) AS yes"},
    {"echo.sql", "-- class: read\n-- params: t text\nSELECT $1 AS text"},
    {"three.sql", "-- class: read\nSELECT n FROM generate_series(1, 3) AS t (n)"},
    {"none.sql", "-- class: read\nSELECT n FROM generate_series(1, 0) AS t (n)"},
    {"broken.sql", "-- class: read\nSELECT 1 / n AS n FROM generate_series(0, 0) AS t (n)"},
    {"many.sql", "-- class: read\nSELECT n FROM generate_series(1, 20000) AS t (n)"},
    {"add.sql", "-- class: lease\n-- params: n bigint\nINSERT INTO things VALUES ($1) RETURNING n"},
    {"count.sql", "-- class: lease\nSELECT count(*) AS n FROM things"},
    {"slow.sql", "-- class: lease\nSELECT pg_sleep(1)::text"},
};

static struct {
    char dir[64];
    struct settings *settings;
    struct snapshot *snapshot;
    struct query_set *queries;
    struct scheduler *scheduler;
    struct services services;
    struct dispatch dispatch;
    struct request_handler handler;
} world;

/* A thousand columns, the last of sixteen parameters in each. */
static void write_wide(void) {
    char path[128];
    snprintf(path, sizeof path, "%s/wide.sql", world.dir);
    FILE *file = fopen(path, "w");
    fputs("-- class: read\n-- params: ", file);
    for (int i = 1; i <= 15; i++)
        fprintf(file, "p%d bigint, ", i);
    fputs("p16 double\nSELECT ", file);
    for (int i = 1; i <= 1000; i++)
        fprintf(file, "%s%d + $16 AS c%d", i > 1 ? ", " : "", i, i);
    fputs(" WHERE $1 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 + $10 + $11 + $12 + $13 + $14 + $15 > 0", file);
    fclose(file);
}

static void write_files(void) {
    char path[128];
    snprintf(world.dir, sizeof world.dir, "/tmp/plateia-database-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", world.dir, files[i].name);
        FILE *file = fopen(path, "w");
        fputs(files[i].text, file);
        fclose(file);
    }
    write_wide();
}

static void open_share(void) {
    struct err err;
    struct pool_options options = rig_options();
    options.leases = 1; /* one that is not given back is missed at once */
    if (reactor_new(&rig.reactor, &err) || scheduler_new(&world.scheduler, rig.reactor, &err) ||
        mailbox_new(&rig.mailbox, rig.reactor, &err) || pool_open(&rig.pool, &options, &err) ||
        share_open(&rig.share, rig.pool, rig.reactor, rig.mailbox, scheduler_database, world.scheduler, &err))
        fail_msg("%s", err.text);
    RIG_UNTIL(rig_counts().connected == 3);
}

static void open_scripts(void) {
    struct err err;
    write_files();
    if (settings_load(&world.settings, 0, NULL, (const char *const[]){NULL}, NULL, NULL, &err) ||
        snapshot_read(&world.snapshot, world.dir, &err) || query_set_load(&world.queries, world.dir, &err))
        fail_msg("%s", err.text);
    world.services = (struct services){.db = rig.share,
                                       .mailbox = rig.mailbox,
                                       .settings = world.settings,
                                       .tasks = scheduler_tasks(world.scheduler)};
    struct generation_parts parts = {.services = &world.services,
                                     .snapshot = world.snapshot,
                                     .queries = world.queries,
                                     .memory_limit = 32u << 20};
    if (generation_new(&world.dispatch.generation, &parts, &err)) fail_msg("%s", err.text);
    world.dispatch.scheduler = world.scheduler;
    world.handler = dispatch_handler(&world.dispatch);
}

static void open_world(void) {
    log_open(LOG_JSON, LOG_ERROR, STDERR_FILENO);
    rig_exec("CREATE TABLE things (n bigint)");
    open_share();
    open_scripts();
}

/* In the order in which a worker closes. */
static int close_world(void **state) {
    char command[128];
    scheduler_free(world.scheduler);
    share_close(rig.share);
    rig.share = NULL;
    generation_free(world.dispatch.generation);
    snapshot_free(world.snapshot);
    query_set_free(world.queries);
    settings_free(world.settings);
    if (world.dir[0]) {
        snprintf(command, sizeof command, "rm -r '%s'", world.dir);
        assert_int_equal(system(command), 0);
    }
    memset(&world, 0, sizeof world);
    return rig_close(state);
}

#define WORLD()                                                                                              \
    do {                                                                                                     \
        if (!rig_connect()) skip();                                                                          \
        open_world();                                                                                        \
    } while (0)

/* ---- asking ---- */

static void answered(struct request *req) {
    req->exchange = req;
}

static enum request_state ask(struct request *req, const char *path) {
    *req =
        (struct request){.method = METHOD_GET, .path = path, .query = "", .body = "", .peer = "", .id = "id"};
    req->on_answered = answered;
    return world.handler.start(world.handler.ctx, req);
}

static void forget(struct request *req) {
    buf_done(&req->answer.body);
    arena_done(&req->arena);
}

static void expect(struct request *req, int status) {
    if (req->answer.status != status) fail_msg("%s: %s", req->path, req->answer.body.data);
    forget(req);
}

/* Status 200 or 500, and in the end no lease is held. */
static void check(const char *path, int status) {
    struct request req;
    if (ask(&req, path) == REQUEST_WAITING) RIG_UNTIL(req.exchange);
    expect(&req, status);
    RIG_UNTIL(rig_counts().leases_busy == 0);
}

static void test_values(void **state) {
    (void)state;
    WORLD();
    check("/values", 200);
    check("/arrays", 200);
}

/* The answer's body; the caller frees it. */
static char *body_of(const char *path, int status) {
    struct request req;
    if (ask(&req, path) == REQUEST_WAITING) RIG_UNTIL(req.exchange);
    char *body = strdup(req.answer.body.data);
    expect(&req, status);
    return body;
}

static void expect_body(const char *path, int status, const char *expected) {
    char *body = body_of(path, status);
    assert_string_equal(body, expected);
    free(body);
}

/* Rows that stay as they came are a list, and are written as tables are. */
static void test_rows_that_are_handed_on(void **state) {
    (void)state;
    WORLD();
    check("/kept", 200);
    char *tables = body_of("/page/tables", 200);
    assert_non_null(strstr(tables, "\"least\":-9223372036854775808,\"real\":1,\"no\":false,"));
    expect_body("/page/rows", 200, tables);
    free(tables);
    expect_body("/page/any", 200, "[{\"n\":1},{\"n\":2},{\"n\":3}]");
    expect_body("/page/none", 200, "[]");
    check("/page/missing", 500);
    check("/page/unfit", 500);
}

static void test_wide_and_many(void **state) {
    (void)state;
    WORLD();
    check("/wide", 200);
}

static void test_a_raise_rolls_back(void **state) {
    (void)state;
    WORLD();
    for (int i = 0; i < 5; i++)
        check("/raises", 500);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 0);
    check("/closes", 200);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 1);
}

static void test_nested_use_raises(void **state) {
    (void)state;
    WORLD();
    check("/nested", 200);
    check("/fails", 200);
    assert_int_equal(rig_number("SELECT count(*) FROM things"), 0);
}

/* What cannot wait must not ask either: the answer would come to whoever waits next. */
static void test_a_callback_cannot_wait(void **state) {
    (void)state;
    WORLD();
    check("/callback", 200);
}

/* Gone while BEGIN is under way, while a statement is, and while the lease is waited for. */
static void test_a_client_that_goes(void **state) {
    (void)state;
    WORLD();
    struct request first, second;
    assert_int_equal(ask(&first, "/begins"), REQUEST_WAITING);
    world.handler.cancel(world.handler.ctx, &first);
    forget(&first);
    memset(&first, 0xAB, sizeof first);
    RIG_UNTIL(rig_counts().leases_busy == 0);

    assert_int_equal(ask(&first, "/slow"), REQUEST_WAITING);
    RIG_UNTIL(rig_number(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = "
        "current_setting('application_name')"));
    assert_int_equal(ask(&second, "/begins"), REQUEST_WAITING);
    world.handler.cancel(world.handler.ctx, &second);
    world.handler.cancel(world.handler.ctx, &first);
    forget(&second);
    forget(&first);
    memset(&first, 0xAB, sizeof first);
    memset(&second, 0xAB, sizeof second);
    RIG_UNTIL(rig_counts().leases_busy == 0);
    check("/closes", 200);
}

static void go(struct request *req) {
    world.handler.cancel(world.handler.ctx, req);
    forget(req);
    memset(req, 0xAB, sizeof *req);
}

/* Of readers that share a Sync one goes before it leaves, one while it is out; the others are answered. */
static void test_readers_that_go(void **state) {
    (void)state;
    WORLD();
    struct request requests[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(ask(&requests[i], "/values"), REQUEST_WAITING);
    go(&requests[0]);
    reactor_turn(rig.reactor, 0);
    assert_int_equal(rig_counts().read_in_flight, 8);
    go(&requests[3]);
    for (size_t i = 0; i < 8; i++) {
        if (i == 0 || i == 3) continue;
        RIG_UNTIL(requests[i].exchange);
        expect(&requests[i], 200);
    }
    RIG_UNTIL(rig_counts().read_in_flight == 0);
    check("/values", 200);
}

static void test_a_transaction_is_its_requests_own(void **state) {
    (void)state;
    WORLD();
    struct request slow;
    assert_int_equal(ask(&slow, "/slow"), REQUEST_WAITING);
    RIG_UNTIL(rig_number(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = "
        "current_setting('application_name')"));
    struct request other;
    assert_int_equal(ask(&other, "/others"), REQUEST_ANSWERED);
    expect(&other, 200);
    RIG_UNTIL(slow.exchange);
    expect(&slow, 200);
    check("/others", 200);
}

/* Closed with handlers in every kind of wait; the sanitizer looks on. */
static void test_closing_while_handlers_wait(void **state) {
    (void)state;
    WORLD();
    static const char *const paths[] = {"/slow", "/begins", "/values", "/closes", "/wide"};
    struct request requests[5];
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(ask(&requests[i], paths[i]), REQUEST_WAITING);
    for (int i = 0; i < 3; i++)
        reactor_turn(rig.reactor, 5);
    scheduler_free(world.scheduler);
    world.scheduler = NULL;
    for (size_t i = 0; i < 5; i++) {
        assert_null(requests[i].work);
        forget(&requests[i]);
    }
}

#define TEST(function) cmocka_unit_test_teardown(function, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_values),
        TEST(test_rows_that_are_handed_on),
        TEST(test_wide_and_many),
        TEST(test_a_raise_rolls_back),
        TEST(test_nested_use_raises),
        TEST(test_a_callback_cannot_wait),
        TEST(test_a_client_that_goes),
        TEST(test_readers_that_go),
        TEST(test_a_transaction_is_its_requests_own),
        TEST(test_closing_while_handlers_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
