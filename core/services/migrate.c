/* migrate.c -- one step at a time: lock, look, apply the next file, commit; until nothing is left.
 *
 * The lock belongs to the transaction (session locks break behind a transaction pooler), so between two steps
 * another server may take its turn. That is fine, because every step looks again at what has been applied. */

#include "migrate.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "crypto.h"
#include "db/session.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GIVE_UP_MS     60000
#define PAUSE_MS       500
#define DIGITS         4
#define LOCK_NOT_GIVEN "55P03"

struct migration {
    int version;
    char *name, *path, *sql;
    char sha256[CRYPTO_DIGEST_HEX];
};

struct migrations {
    struct migration *items; /* items[i].version == i + 1 */
    size_t count;
};

/* --- the files -------------------------------------------------------------------------------------- */

static void migrations_done(struct migrations *all) {
    for (size_t i = 0; i < all->count; i++) {
        free(all->items[i].name);
        free(all->items[i].path);
        free(all->items[i].sql);
    }
    free(all->items);
}

static int is_sql(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

/* "0003_name.sql" -> 3; 0 when it is not such a name. */
static int version_of(const char *name) {
    return strspn(name, "0123456789") == DIGITS && name[DIGITS] == '_' ? atoi(name) : 0;
}

static enum err_code read_file(char **ret, const char *path, struct err *err) {
    struct buf bytes = {0};
    char part[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    bool failed;

    if (!file) return err_system(err, path); /* "FILE: Permission denied" says it all */
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&bytes, part, n);
    failed = ferror(file);
    fclose(file);
    if (failed || !bytes.len || memchr(bytes.data, '\0', bytes.len)) {
        buf_done(&bytes);
        return err_set(err, ERR_INVALID, "%s: it is empty or no text: restore it", path);
    }
    *ret = buf_take(&bytes, NULL);
    return *ret ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory");
}

static enum err_code add_file(struct migrations *all, const char *dir, const char *name, struct err *err) {
    struct migration *one = &all->items[all->count];
    int expected = (int)all->count + 1;

    if (version_of(name) == 0)
        return err_set(err, ERR_INVALID, "%s/%s: a migration is named like 0001_name.sql: rename it", dir,
                       name);
    if (version_of(name) != expected)
        return err_set(err, ERR_INVALID,
                       "%s/%s: expected number %04d here: rename it, or restore what is missing", dir, name,
                       expected);
    all->count++;
    one->version = expected;
    one->name = strdup(name);
    if (!one->name || asprintf(&one->path, "%s/%s", dir, name) < 0)
        return err_set(err, ERR_NO_MEMORY, "no memory");
    enum err_code code = read_file(&one->sql, one->path, err);
    if (code == ERR_OK) crypto_sha256_hex(one->sha256, one->sql, strlen(one->sql));
    return code;
}

static enum err_code load(struct migrations *ret, const char *dir, struct err *err) {
    struct dirent **entries = NULL;
    enum err_code code = ERR_OK;
    int count = scandir(dir, &entries, is_sql, alphasort);

    if (count < 0)
        return err_set(err, ERR_SYSTEM, "%s: %s (PLATEIA_SQL names the folder above it)", dir,
                       strerror(errno));
    if (count == 0)
        code = err_set(err, ERR_NOT_FOUND, "%s: no migrations here (PLATEIA_SQL names the folder above it)",
                       dir);
    ret->items = calloc((size_t)count + 1, sizeof *ret->items);
    if (!ret->items) code = err_set(err, ERR_NO_MEMORY, "no memory");
    for (int i = 0; i < count; i++) {
        if (code == ERR_OK && ret->items) code = add_file(ret, dir, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return code;
}

/* --- one step ---------------------------------------------------------------------------------------- */

static const char begin[] = "BEGIN;"
                            "SET LOCAL lock_timeout = '5s';"
                            "SELECT pg_advisory_xact_lock(hashtextextended('plateia:migrate', 0));"
                            "CREATE TABLE IF NOT EXISTS schema_migrations ("
                            "    version int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
                            "    applied_at timestamptz NOT NULL DEFAULT now());";

static enum err_code check_applied(const struct migrations *all, const struct rows *rows, size_t row,
                                   const char *dir, struct err *err) {
    int version = atoi(rows_value(rows, row, 0, NULL));
    const char *name = rows_value(rows, row, 1, NULL), *sha256 = rows_value(rows, row, 2, NULL);

    if (version != (int)row + 1)
        return err_set(err, ERR_INVALID,
                       "schema_migrations has a gap before %04d (%s): restore the database from a backup",
                       version, name);
    if (row >= all->count)
        return err_set(
            err, ERR_INVALID,
            "the database has the migration %s, which %s does not: put the file back, if it was removed; "
            "else this program is older than the database, run a newer one",
            name, dir);
    if (strcmp(sha256, all->items[row].sha256) != 0)
        return err_set(err, ERR_INVALID,
                       "%s was changed after it had been applied: restore it and add a new migration instead",
                       all->items[row].path);
    return ERR_OK;
}

/* How many of them the database has. */
static enum err_code count_applied(size_t *ret, struct session *session, const struct migrations *all,
                                   const char *dir, struct err *err) {
    struct rows *rows = NULL;
    enum err_code code = session_query(
        session, "SELECT version, name, sha256 FROM schema_migrations ORDER BY version", 0, NULL, &rows, err);

    if (code != ERR_OK) return code;
    for (size_t i = 0; i < rows_count(rows) && code == ERR_OK; i++)
        code = check_applied(all, rows, i, dir, err);
    if (code == ERR_OK) *ret = rows_count(rows);
    rows_free(rows);
    return code;
}

static enum err_code apply(struct session *session, const struct migration *one, struct err *err) {
    char version[12], line[16] = "", why[sizeof err->text];
    const char *const params[] = {version, one->name, one->sha256};
    struct err inner = {0};
    size_t at = 0;
    enum err_code code = session_exec_at(session, one->sql, &at, &inner);

    if (code != ERR_OK) {
        if (at > 0) snprintf(line, sizeof line, ":%d", text_line_of(one->sql, at));
        snprintf(why, sizeof why, "%s%s: %.380s: it was undone", one->path, line, inner.text);
        err_set(err, code, "%s", why);
        if (err) memcpy(err->state, inner.state, sizeof err->state);
        return code;
    }
    snprintf(version, sizeof version, "%d", one->version);
    return session_query(session, "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                         3, params, NULL, err);
}

/* Applies the next one; *left: whether there was one. */
static enum err_code step(struct session *session, const struct migrations *all, const char *dir, bool *left,
                          struct err *err) {
    size_t applied = 0;
    enum err_code code = session_exec(session, begin, err);

    if (code == ERR_OK) code = count_applied(&applied, session, all, dir, err);
    if (code == ERR_OK && applied < all->count) code = apply(session, &all->items[applied], err);
    if (code == ERR_OK) code = session_exec(session, "COMMIT", err);
    if (code != ERR_OK)
        session_exec(session, "ROLLBACK", NULL);
    else
        *left = applied < all->count;
    return code;
}

/* --- all steps --------------------------------------------------------------------------------------- */

/* A step that waited too long for somebody else's lock is taken again. */
static enum err_code patient_step(struct session *session, const struct migrations *all, const char *dir,
                                  bool *left, struct err *err) {
    int64_t deadline = clock_ns() + GIVE_UP_MS * CLOCK_NS_PER_MS;
    const struct timespec pause = {.tv_nsec = PAUSE_MS * CLOCK_NS_PER_MS};
    struct err inner = {0};
    enum err_code code;

    while ((code = step(session, all, dir, left, &inner)) != ERR_OK &&
           strcmp(inner.state, LOCK_NOT_GIVEN) == 0) {
        if (clock_ns() > deadline)
            return err_set(
                err, ERR_BUSY,
                "others hold the locks that the migrations need: %s: try again when they have ended",
                inner.text);
        nanosleep(&pause, NULL);
    }
    if (code != ERR_OK && err) *err = inner;
    return code;
}

enum err_code migrate_run(const char *conninfo, const char *dir, struct migrate_report *ret,
                          struct err *err) {
    struct migrations all = {0};
    struct session *session = NULL;
    struct migrate_report report = {0};
    bool left = true;
    enum err_code code = load(&all, dir, err);

    if (code == ERR_OK) code = session_open(&session, conninfo, err);
    while (code == ERR_OK && left) {
        code = patient_step(session, &all, dir, &left, err);
        if (code == ERR_OK && left) report.applied++;
    }
    report.version = (int)all.count;
    if (code == ERR_OK && ret) *ret = report;
    session_close(session);
    migrations_done(&all);
    return code;
}
