/* test_settings.c -- who wins, what is refused and in which words, and what is never shown. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/services/settings.h"
#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_SECRET "0123456789abcdef0123456789abcdef"

static const char *const nothing[] = {NULL};
static struct settings *settings;
static struct buf problems, warnings, text;
static struct err err;
static char file_path[64];

static int set_up(void **state) {
    (void)state;
    settings = NULL;
    file_path[0] = '\0';
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    settings_free(settings);
    buf_done(&problems);
    buf_done(&warnings);
    buf_done(&text);
    if (file_path[0]) unlink(file_path);
    return 0;
}

/* Flags and environment are NULL-terminated lists. */
static enum err_code load(const char *const *flags, const char *const *environment) {
    int count = 0;
    while (flags[count])
        count++;
    settings_free(settings);
    settings = NULL;
    buf_clear(&problems);
    buf_clear(&warnings);
    err = (struct err){0};
    enum err_code code = settings_load(&settings, count, flags, environment, &problems, &warnings, &err);
    assert_int_equal(code == ERR_OK, settings != NULL);
    assert_int_equal(code == ERR_OK, problems.len == 0);
    assert_int_equal(err.code, code);
    return code;
}

#define FLAGS(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define ENVIRON(...) ((const char *const[]){__VA_ARGS__, NULL})

static void write_file(const char *content, size_t len) {
    if (file_path[0]) unlink(file_path);
    strcpy(file_path, "/tmp/plateia-settings-XXXXXX");
    int fd = mkstemp(file_path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), len);
    close(fd);
}

/* "NAME=file_path" */
static const char *naming_the_file(const char *name) {
    static char entry[128];
    snprintf(entry, sizeof(entry), "%s=%s", name, file_path);
    return entry;
}

static void refuses(const char *const *flags, const char *const *environment, const char *line) {
    assert_int_equal(load(flags, environment), ERR_INVALID);
    assert_non_null(problems.data);
    if (!strstr(problems.data, line)) fail_msg("not told: %s\nbut: %s", line, problems.data);
    assert_int_equal(strncmp(problems.data, err.text, strlen(err.text)), 0);
}

static void warns(const char *entry, const char *line) {
    assert_int_equal(load(nothing, ENVIRON(entry)), ERR_OK);
    assert_string_equal(warnings.data, line);
}

static const char *shown(void) {
    buf_clear(&text);
    settings_print(settings, &text);
    return text.data;
}

/* Is there a line of this name, value and source, each under its heading? */
static bool shows(const char *name, const char *value, const char *source) {
    char line[256];
    int width = (int)(strstr(shown(), "value") - text.data);
    snprintf(line, sizeof(line), "\n%-*s%-20s %-12s ", width, name, value, source);
    return strstr(text.data, line) != NULL;
}

static void defaults_are_what_the_header_says(void **state) {
    (void)state;
    assert_int_equal(load(nothing, nothing), ERR_OK);
    assert_int_equal(warnings.len, 0);
    assert_true(shows("connections_per_address", "0", "default")); /* a long name moves no column */
    assert_string_equal(settings->listen, "0.0.0.0:8080");
    assert_string_equal(settings->admin_listen, "127.0.0.1:9180");
    assert_string_equal(settings->data, "data");
    assert_string_equal(settings->scripts, "scripts");
    assert_string_equal(settings->sql, "sql");
    assert_string_equal(settings->web, "web");
    assert_string_equal(settings->database_url, "");
    assert_string_equal(settings->postgres_bin, "");
    assert_string_equal(settings->jwt_secret, "");
    assert_string_equal(settings->log_format, "auto");
    assert_string_equal(settings->log_level, "info");
    assert_true(settings->access_log);
    assert_false(settings->server_timing);
    static const struct {
        size_t offset;
        int64_t value;
    } numbers[] = {
        {offsetof(struct settings, jwt_lifetime_s), 3600},
        {offsetof(struct settings, connections), 10000},
        {offsetof(struct settings, stream_max), 10000},
        {offsetof(struct settings, stream_ping_ms), 15000},
        {offsetof(struct settings, body_limit), 65536},
        {offsetof(struct settings, answer_limit), 1048576},
        {offsetof(struct settings, outbox_attempts), 12},
        {offsetof(struct settings, outbox_lease_ms), 60000},
        {offsetof(struct settings, outbox_retry_ms), 1000},
        {offsetof(struct settings, outbox_retry_most_ms), 600000},
        {offsetof(struct settings, head_timeout_ms), 10000},
        {offsetof(struct settings, body_timeout_ms), 30000},
        {offsetof(struct settings, idle_timeout_ms), 75000},
        {offsetof(struct settings, drain_timeout_ms), 10000},
        {offsetof(struct settings, slow_ms), 500},
        {offsetof(struct settings, db_leases), 2},
        {offsetof(struct settings, db_read_timeout_ms), 500},
        {offsetof(struct settings, db_lease_timeout_ms), 5000},
        {offsetof(struct settings, db_wait_ms), 2000},
        {offsetof(struct settings, db_queue), 4096},
        {offsetof(struct settings, script_memory), 67108864},
        {offsetof(struct settings, script_time_ms), 100},
        {offsetof(struct settings, script_load_ms), 1000},
        {offsetof(struct settings, quarantine_ms), 30000},
        {offsetof(struct settings, hash_memory_kib), 19456},
        {offsetof(struct settings, hash_passes), 2},
        {offsetof(struct settings, hash_threads), 1},
        {offsetof(struct settings, hash_queue), 64},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        assert_int_equal(*(int64_t *)((char *)settings + numbers[i].offset), numbers[i].value);
}

/* Whatever is added to the struct must have its row, or it would stay zero. */
static void every_field_has_a_row(void **state) {
    (void)state;
    size_t rows = 0;
    settings_help(NULL, &text);
    for (const char *at = text.data; (at = strstr(at, "  --")); at++)
        rows++;
    /* all fields have eight bytes; the switch at the end is padded to eight */
    assert_int_equal(rows - 1, sizeof(struct settings) / 8); /* --config has no field */
}

static void zero_workers_are_as_many_as_cores(void **state) {
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(load(nothing, nothing), ERR_OK);
    assert_int_equal(settings->workers, CPU_COUNT(&all));

    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(load(nothing, nothing), ERR_OK);
    assert_int_equal(settings->workers, 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);

    assert_int_equal(load(FLAGS("--workers", "7"), nothing), ERR_OK);
    assert_int_equal(settings->workers, 7);
}

static void flags_win_over_environment_over_file_over_default(void **state) {
    (void)state;
    static const char lines[] = "# four of them\n"
                                "\n"
                                "  db_queue = 11\r\n"
                                "db_leases=12\n"
                                "hash_queue\t=\t13\n"
                                "data = /srv/some folder # of ours";
    write_file(lines, strlen(lines));
    const char *const environment[] = {naming_the_file("PLATEIA_CONFIG"), "PLATEIA_DB_LEASES=22",
                                       "PLATEIA_HASH_QUEUE=23", "PATH=/bin", NULL};
    assert_int_equal(load(FLAGS("--hash-queue", "33"), environment), ERR_OK);
    assert_int_equal(settings->db_queue, 11);
    assert_int_equal(settings->db_leases, 22);
    assert_int_equal(settings->hash_queue, 33);
    assert_string_equal(settings->data, "/srv/some folder # of ours");
    assert_true(shows("db_queue", "11", "file"));
    assert_true(shows("db_leases", "22", "environment"));
    assert_true(shows("hash_queue", "33", "flag"));
    assert_true(shows("db_wait_ms", "2000", "default"));
    assert_int_equal(warnings.len, 0);
}

static void a_flag_names_the_file_before_the_environment_does(void **state) {
    (void)state;
    write_file("db_queue = 11\n", 14);
    assert_int_equal(load(FLAGS("--config", file_path), ENVIRON("PLATEIA_CONFIG=/no/such/file")), ERR_OK);
    assert_int_equal(settings->db_queue, 11);
    char joined[80];
    snprintf(joined, sizeof(joined), "--config=%s", file_path);
    assert_int_equal(load(FLAGS("--db-leases=3", joined), nothing), ERR_OK);
    assert_int_equal(settings->db_queue, 11);
    refuses(FLAGS("--config=/no/such/file"), nothing,
            "the settings file \"/no/such/file\" cannot be opened: No such file or directory: "
            "name another (--config, PLATEIA_CONFIG)\n");
    refuses(FLAGS("--config"), nothing, "config has no value (flag --config)");
    refuses(FLAGS("--config", "--workers=3"), nothing, "config has no value (flag --config)");
}

static void the_last_of_the_same_flag_wins(void **state) {
    (void)state;
    assert_int_equal(load(FLAGS("--db-queue=1", "--db-queue", "2", "--db-queue=3"), nothing), ERR_OK);
    assert_int_equal(settings->db_queue, 3);
}

static void switches_say_yes_in_many_ways(void **state) {
    (void)state;
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};
    char entry[64];
    for (size_t i = 0; i < 4; i++) {
        snprintf(entry, sizeof(entry), "PLATEIA_ACCESS_LOG=%s", no[i]);
        assert_int_equal(load(nothing, ENVIRON(entry)), ERR_OK);
        assert_false(settings->access_log);
        assert_int_equal(load(FLAGS("--access-log", yes[i]), ENVIRON(entry)), ERR_OK);
        assert_true(settings->access_log);
    }
    assert_int_equal(load(FLAGS("--access-log"), ENVIRON("PLATEIA_ACCESS_LOG=0")), ERR_OK);
    assert_true(settings->access_log);
    assert_int_equal(load(FLAGS("--access-log", "--workers=2"), ENVIRON("PLATEIA_ACCESS_LOG=0")), ERR_OK);
    assert_true(settings->access_log);
    assert_int_equal(load(FLAGS("--no-access-log", "--workers=2"), nothing), ERR_OK);
    assert_false(settings->access_log);
    assert_int_equal(load(FLAGS("--access-log=off"), nothing), ERR_OK);
    assert_false(settings->access_log);
    assert_true(shows("access_log", "false", "flag"));
    refuses(FLAGS("--access-log=maybe"), nothing,
            "access_log is \"maybe\" (flag --access-log): give true or false (or yes, no, on, off, 1, 0)\n");
    refuses(FLAGS("--no-access-log=1"), nothing, "no_access_log is no setting");
    refuses(FLAGS("--no-workers"), nothing, "no_workers is no setting (flag --no-workers): ");
}

static void sizes_may_have_units(void **state) {
    (void)state;
    static const struct {
        const char *flag;
        int64_t bytes;
    } sizes[] = {{"--script-memory=16777216", 16777216},
                 {"--script-memory=2048KiB", 2 << 20},
                 {"--script-memory=3MiB", 3 << 20},
                 {"--script-memory=1gib", 1 << 30}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(load(FLAGS(sizes[i].flag), nothing), ERR_OK);
        assert_int_equal(settings->script_memory, sizes[i].bytes);
    }
    static const char *const wrong[] = {"--script-memory=1MB",   "--script-memory=1 MiB",
                                        "--script-memory=MiB",   "--script-memory=",
                                        "--script-memory=-1MiB", "--script-memory=1.5MiB",
                                        "--script-memory=1KiB",  "--script-memory=9223372036854775807GiB"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        refuses(FLAGS(wrong[i]), nothing,
                "give bytes from 1048576 to 17179869184, as 65536, 64KiB or 1MiB\n");
    refuses(FLAGS("--db-wait-ms=64KiB"), nothing,
            "db_wait_ms is \"64KiB\" (flag --db-wait-ms): give a whole");
}

static void numbers_have_bounds(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "-1", "257", "", "x", "4x", "0x4", "+4", " 4", "4.0", "1e2", "99999999999999999999"};
    char line[128];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(line, sizeof(line),
                 "workers is \"%s\" (flag --workers): give a whole number from 0 to 256\n", wrong[i]);
        refuses(FLAGS("--workers", wrong[i]), nothing, line);
    }
    assert_int_equal(load(FLAGS("--workers", "256", "--db-leases", "1"), nothing), ERR_OK);
}

static void words_and_addresses_are_checked(void **state) {
    (void)state;
    refuses(nothing, ENVIRON("PLATEIA_LOG_LEVEL=loud"),
            "log_level is \"loud\" (environment PLATEIA_LOG_LEVEL): give one of: debug info warn error\n");
    refuses(FLAGS("--log-format=js"), nothing, "give one of: auto json text");
    refuses(FLAGS("--log-format=auto json"), nothing, "give one of: auto json text");
    refuses(FLAGS("--log-format="), nothing, "give one of: auto json text");
    static const char *const good[] = {"127.0.0.1:0", "localhost:80", "[::]:8080", "[::1]:65535"};
    static const char *const bad[] = {"8080",       ":8080",   "host:",  "host:port",
                                      "host:65536", "host:-1", "::1:80", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(load(FLAGS("--listen", good[i]), nothing), ERR_OK);
        assert_string_equal(settings->listen, good[i]);
    }
    for (size_t i = 0; i < 8; i++)
        refuses(FLAGS("--listen", bad[i]), nothing, "(flag --listen): give host:port, as 127.0.0.1:8080");
    refuses(FLAGS("--data="), nothing, "data is \"\" (flag --data): give 1 to 4096 bytes\n");
}

static void all_problems_are_told_at_once(void **state) {
    (void)state;
    static const char lines[] = "workers = many\nbody_limt = 4\njust words\nlog_level = info\n";
    write_file(lines, strlen(lines));
    assert_int_equal(load(FLAGS("--config", file_path, "--hash-passes", "0", "stray", "--frobnicate", "9"),
                          ENVIRON("PLATEIA_DB_QUEUE=none")),
                     ERR_INVALID);
    buf_addf(&text,
             "workers is \"many\" (%s:1): give a whole number from 0 to 256\n"
             "body_limt is no setting (%s:2): did you mean body_limit?\n"
             "\"just\" (%s:3): give a line as `name = value`, or # and a comment\n"
             "db_queue is \"none\" (environment PLATEIA_DB_QUEUE): give a whole number from 1 to 65536\n"
             "hash_passes is \"0\" (flag --hash-passes): give a whole number from 1 to 64\n"
             "\"stray\" is no flag: give --name value or --name=value\n"
             "frobnicate is no setting (flag --frobnicate): `plateia settings` lists them all\n",
             file_path, file_path, file_path);
    assert_string_equal(problems.data, text.data);
    assert_int_equal(settings_load(&settings, 1, FLAGS("--x"), nothing, NULL, NULL, NULL), ERR_INVALID);
}

static void a_wrong_value_is_told_even_where_a_flag_hides_it(void **state) {
    (void)state;
    refuses(FLAGS("--workers=2"), ENVIRON("PLATEIA_WORKERS=two"), "environment PLATEIA_WORKERS");
}

static void unknown_names_get_the_nearest_suggested(void **state) {
    (void)state;
    refuses(FLAGS("--db-read-timeout", "5"), nothing,
            "db_read_timeout is no setting (flag --db-read-timeout): did you mean --db-read-timeout-ms?\n");
    refuses(FLAGS("--worker", "5"), nothing, "did you mean --workers?\n");
    refuses(FLAGS("--jwt-secrets=5"), nothing, "did you mean --jwt-secret?\n");
    refuses(FLAGS("--"), nothing, "\"--\" is no flag");
    refuses(FLAGS("-workers=3"), nothing, "\"-workers=3\" is no flag");
    refuses(FLAGS("--workers"), nothing, "workers has no value (flag --workers): give one behind it\n");
    refuses(FLAGS("--workers", "--db-queue=3"), nothing, "workers has no value (flag --workers)");

    char longest[1000] = "--";
    memset(longest + 2, 'a', sizeof(longest) - 3);
    refuses(FLAGS(longest), nothing, "is no setting");
}

static void unknown_names_in_the_environment_are_a_warning(void **state) {
    (void)state;
    warns("PLATEIA_WROKERS=3",
          "wrokers is no setting (environment PLATEIA_WROKERS): did you mean PLATEIA_WORKERS?\n");
    warns("PLATEIA_WORKERS_FILE=/x", "workers_file is no setting (environment PLATEIA_WORKERS_FILE): "
                                     "`plateia settings` lists them all\n");
    assert_int_equal(load(nothing, ENVIRON("PLATEIA_TEST_ANYTHING=1", "PLATEIA_CONFIG=", "PLATEIA",
                                           "PLATEIAX=1", "OTHER=2", "PLATEIA_WORKERS=")),
                     ERR_OK);
    assert_int_equal(warnings.len, 0);
}

static void the_database_url_keeps_its_own_name(void **state) {
    (void)state;
    const char *url = "postgres://me:pw@db:5432/x";
    assert_int_equal(load(nothing, ENVIRON("DATABASE_URL=postgres://me:pw@db:5432/x")), ERR_OK);
    assert_string_equal(settings->database_url, url);
    assert_int_equal(load(nothing, ENVIRON("PLATEIA_DATABASE_URL=postgres://me:pw@db:5432/x")), ERR_OK);
    assert_string_equal(settings->database_url, url);
    assert_int_equal(load(FLAGS("--database-url", url), ENVIRON("DATABASE_URL=host=other")), ERR_OK);
    assert_string_equal(settings->database_url, url);
    assert_int_equal(load(FLAGS("--database-url="), ENVIRON("DATABASE_URL=host=other")), ERR_OK);
    assert_string_equal(settings->database_url, ""); /* back to the embedded one */
    assert_int_equal(load(nothing, ENVIRON("DATABASE_URL=")), ERR_OK);
    assert_string_equal(settings->database_url, "");
    refuses(nothing, ENVIRON("DATABASE_URL=host=a", "PLATEIA_DATABASE_URL=host=b"),
            "database_url is set twice (environment PLATEIA_DATABASE_URL is the second): keep one\n");
    refuses(nothing, ENVIRON("DATABASE_URL=mysql://me:hidden@db/x"),
            "database_url is \"mysql://me:***@db/x\" (environment DATABASE_URL): give postgres://");
    refuses(nothing, ENVIRON("DATABASE_URL=me:hidden@db"), "database_url is \"me:***@db\"");
}

static void secrets_come_from_files_too(void **state) {
    (void)state;
    static const char *const ends[] = {"", "\n", "\r\n"};
    char content[128];
    for (size_t i = 0; i < 3; i++) {
        snprintf(content, sizeof(content), LONG_SECRET "%s", ends[i]);
        write_file(content, strlen(content));
        assert_int_equal(load(nothing, ENVIRON(naming_the_file("PLATEIA_JWT_SECRET_FILE"))), ERR_OK);
        assert_string_equal(settings->jwt_secret, LONG_SECRET);
        assert_int_equal(warnings.len, 0);
    }
    refuses(nothing, ENVIRON(naming_the_file("PLATEIA_JWT_SECRET_FILE"), "PLATEIA_JWT_SECRET=" LONG_SECRET),
            "jwt_secret is set twice (environment PLATEIA_JWT_SECRET is the second): keep one\n");
    write_file("host=/run user=me\n", 18);
    assert_int_equal(load(nothing, ENVIRON(naming_the_file("PLATEIA_DATABASE_URL_FILE"))), ERR_OK);
    assert_string_equal(settings->database_url, "host=/run user=me");

    refuses(
        nothing, ENVIRON("PLATEIA_JWT_SECRET_FILE=/no/such"),
        "jwt_secret: the file \"/no/such\" (environment PLATEIA_JWT_SECRET_FILE) cannot be read: No such");
    refuses(nothing, ENVIRON("PLATEIA_JWT_SECRET_FILE=/tmp"), "cannot be read: Is a directory");
    write_file("\n", 1);
    refuses(nothing, ENVIRON(naming_the_file("PLATEIA_JWT_SECRET_FILE")), "is empty");
    write_file("0123456789abcdef\0" LONG_SECRET, 40);
    refuses(nothing, ENVIRON(naming_the_file("PLATEIA_JWT_SECRET_FILE")), "holds a zero byte");
}

static void a_short_secret_is_a_problem_and_is_not_told(void **state) {
    (void)state;
    refuses(
        nothing, ENVIRON("PLATEIA_JWT_SECRET=hunter2"),
        "jwt_secret has 7 bytes (environment PLATEIA_JWT_SECRET): give 32 to 4096 bytes, as `openssl rand "
        "-hex 32` makes them\n");
    assert_null(strstr(problems.data, "hunter2"));
    assert_null(strstr(err.text, "hunter2"));
    assert_int_equal(load(FLAGS("--jwt-secret", LONG_SECRET), nothing), ERR_OK);
    assert_string_equal(settings->jwt_secret, LONG_SECRET);
    refuses(nothing, ENVIRON("PLATEIA_ADMIN_TOKEN=hunter2"), "admin_token has 7 bytes");
    assert_null(strstr(problems.data, "hunter2"));
    write_file(LONG_SECRET "\n", strlen(LONG_SECRET) + 1);
    assert_int_equal(load(nothing, ENVIRON(naming_the_file("PLATEIA_ADMIN_TOKEN_FILE"))), ERR_OK);
    assert_string_equal(settings->admin_token, LONG_SECRET);
    assert_true(shows("admin_token", "***", "environment"));
    write_file("jwt_secret: hunter2\n", 20);
    refuses(FLAGS("--config", file_path), nothing, "\"jwt_secret\" (/tmp/");
    assert_null(strstr(problems.data, "hunter2"));
}

static void secrets_are_masked_where_people_look(void **state) {
    (void)state;
    static const char *const urls[][2] = {
        {"postgres://me:s3cret@db:5432/x", "postgres://me:***@db:5432/x"},
        {"postgres://me:s3cret@@db/x", "postgres://me:***@db/x"},
        {"postgresql://me@db/x?password=s3cret&a=b", "postgresql://me@db/x?password=***"},
        {"host=db password=s3cret user=me", "host=db password=***"},
        {"host=db password = 's3 cret s3cret'", "host=db password =***"},
        {"host=db sslpassword=s3cret password=s3cret", "host=db sslpassword=***"},
        {"postgres://me@db:5432/x", "postgres://me@db:5432/x"},
        {"postgres://db:5432/x", "postgres://db:5432/x"},
        {"postgres://", "postgres://"},
        {"host=/run/postgresql", "host=/run/postgresql"},
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        assert_int_equal(load(FLAGS("--database-url", urls[i][0], "--jwt-secret", LONG_SECRET), nothing),
                         ERR_OK);
        assert_true(shows("database_url", urls[i][1], "flag"));
        assert_true(shows("jwt_secret", "***", "flag"));
        assert_null(strstr(shown(), "s3cret"));
        assert_null(strstr(shown(), LONG_SECRET));
    }
    assert_int_equal(load(nothing, nothing), ERR_OK);
    assert_true(shows("jwt_secret", "-", "default"));
}

static void scripts_read_what_is_no_secret(void **state) {
    (void)state;
    assert_int_equal(
        load(FLAGS("--database-url=host=x", "--jwt-secret", LONG_SECRET, "--workers=3"), nothing), ERR_OK);
    assert_string_equal(settings_text(settings, "listen", &text), "0.0.0.0:8080");
    assert_string_equal(settings_text(settings, "workers", &text), "3");
    assert_string_equal(settings_text(settings, "body_limit", &text), "65536");
    assert_string_equal(settings_text(settings, "access_log", &text), "true");
    assert_string_equal(settings_text(settings, "postgres_bin", &text), "");
    assert_null(settings_text(settings, "jwt_secret", &text));
    assert_null(settings_text(settings, "database_url", &text));
    assert_null(settings_text(settings, "no_such", &text));
    assert_null(settings_text(settings, "", &text));
}

static void help_names_every_flag_with_its_default(void **state) {
    (void)state;
    settings_help(NULL, &text);
    assert_non_null(strstr(text.data, "  --config FILE "));
    assert_non_null(strstr(text.data, "\n  --db-read-timeout-ms "));
    assert_non_null(strstr(text.data, "\n  --script-memory "));
    assert_non_null(strstr(text.data, " (64MiB)\n"));
    assert_null(strchr(text.data, '\t'));
    for (const char *line = text.data; *line; line = strchr(line, '\n') + 1)
        assert_in_range(strcspn(line, "\n"), 28, 110);
}

static void help_names_the_flags_that_are_asked_for(void **state) {
    (void)state;
    settings_help("sql web", &text);
    assert_non_null(strstr(text.data, "\n  --sql "));
    assert_non_null(strstr(text.data, "\n  --web "));
    assert_null(strstr(text.data, "--workers"));
    assert_null(strstr(text.data, "--scripts"));
}

static void a_row_tells_what_is_made_of_it(void **state) {
    (void)state;
    struct setting_about about;
    size_t switches = 0, folders = 0, number = 0;
    for (; settings_about(number, &about); number++) {
        assert_null(strchr(about.flag, '_'));
        assert_int_equal(strlen(about.flag), strlen(about.name));
        switches += about.is_switch;
        folders += about.is_folder;
        if (strcmp(about.name, "log_format") == 0) assert_string_equal(about.words, "auto json text");
        if (strcmp(about.name, "jwt_secret") == 0) assert_true(about.is_secret);
    }
    assert_in_range(number, 40, 200);
    assert_in_range(switches, 2, 10);
    assert_int_equal(folders, 5);
}

static void a_flag_takes_the_word_behind_it_where_it_needs_one(void **state) {
    (void)state;
    static const struct {
        const char *words[2];
        int taken;
    } cases[] = {{{"--workers", "3"}, 2},     {{"--workers=3", "x"}, 1},    {{"--workers", "--sql"}, 1},
                 {{"--access-log", "no"}, 2}, {{"--access-log", "x"}, 1},   {{"--no-access-log", "no"}, 1},
                 {{"--config", "file"}, 2},   {{"--what-is-this", "x"}, 2}, {{"--", "x"}, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(settings_flag_words(2, cases[i].words), cases[i].taken);
    assert_int_equal(settings_flag_words(1, (const char *const[]){"--workers"}), 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(defaults_are_what_the_header_says),
        WITH(every_field_has_a_row),
        WITH(zero_workers_are_as_many_as_cores),
        WITH(flags_win_over_environment_over_file_over_default),
        WITH(a_flag_names_the_file_before_the_environment_does),
        WITH(the_last_of_the_same_flag_wins),
        WITH(switches_say_yes_in_many_ways),
        WITH(sizes_may_have_units),
        WITH(numbers_have_bounds),
        WITH(words_and_addresses_are_checked),
        WITH(all_problems_are_told_at_once),
        WITH(a_wrong_value_is_told_even_where_a_flag_hides_it),
        WITH(unknown_names_get_the_nearest_suggested),
        WITH(unknown_names_in_the_environment_are_a_warning),
        WITH(the_database_url_keeps_its_own_name),
        WITH(secrets_come_from_files_too),
        WITH(a_short_secret_is_a_problem_and_is_not_told),
        WITH(secrets_are_masked_where_people_look),
        WITH(scripts_read_what_is_no_secret),
        WITH(help_names_every_flag_with_its_default),
        WITH(help_names_the_flags_that_are_asked_for),
        WITH(a_row_tells_what_is_made_of_it),
        WITH(a_flag_takes_the_word_behind_it_where_it_needs_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
