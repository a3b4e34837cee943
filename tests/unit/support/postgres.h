#ifndef PLATEIA_TEST_POSTGRES_H
#define PLATEIA_TEST_POSTGRES_H

/* postgres.h -- for tests: a PostgreSQL of their own in a temporary folder, and one question at a time.
 *
 * Where no PostgreSQL is installed the test is skipped. After cmocka.h. */

#include "../../../core/services/db/session.h"
#include "../../../core/services/embedded_postgres.h"
#include "../../../core/services/postgres_install.h"
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Fails the test with the error's own words. */
#define assert_ok(call, err)                                                                                 \
    do {                                                                                                     \
        if ((call) != ERR_OK) fail_msg("%s: %s", #call, (err)->text);                                        \
    } while (0)

static inline bool postgres_is_installed(void) {
    char bin[PATH_MAX];
    return postgres_install_find(bin, sizeof bin, NULL, 0, NULL) == ERR_OK;
}

#define skip_without_postgres()                                                                              \
    do {                                                                                                     \
        if (!postgres_is_installed()) skip();                                                                \
    } while (0)

/* A new folder that PostgreSQL's user may pass through. */
static inline void folder_make(char ret[64]) {
    strcpy(ret, "/tmp/plateia-test-XXXXXX");
    assert_non_null(mkdtemp(ret));
    assert_int_equal(chmod(ret, 0755), 0);
}

static inline int folder_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void folder_remove(const char *path) {
    nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct embedded_postgres *postgres_start(const char *data) {
    struct embedded_postgres_options options = {.data = data, .bin = "", .connections = 20};
    struct embedded_postgres *postgres = NULL;
    struct err err = {0};
    assert_ok(embedded_postgres_start(&postgres, &options, &err), &err);
    return postgres;
}

static inline struct session *postgres_session(const char *conninfo) {
    struct session *session = NULL;
    struct err err = {0};
    assert_ok(session_open(&session, conninfo, &err), &err);
    return session;
}

static inline void postgres_exec(struct session *session, const char *sql) {
    struct err err = {0};
    assert_ok(session_exec(session, sql, &err), &err);
}

/* The first column of the first row ("" for NULL and for no row), in memory that the next call uses again. */
static inline const char *postgres_ask(struct session *session, const char *sql) {
    static char answer[1024];
    struct rows *rows = NULL;
    struct err err = {0};
    const char *value;
    assert_ok(session_query(session, sql, 0, NULL, &rows, &err), &err);
    value = rows_count(rows) ? rows_value(rows, 0, 0, NULL) : NULL;
    snprintf(answer, sizeof answer, "%s", value ? value : "");
    rows_free(rows);
    return answer;
}

#endif
