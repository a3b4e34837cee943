/* settings_load.c -- reads the defaults, the file, the environment and the flags, in this order, each over
 * what was there before.
 *
 * Whatever the source, a value goes through one function (give) that checks it by its row; so a wrong value
 * is told even where a stronger source hides it. Nothing stops at the first problem: they are collected, and
 * whoever starts the server mends all of them at once. */

#include "../base/nearest.h"
#include "crypto.h"
#include "settings_rows.h"
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX      "PLATEIA_"
#define NAME_SIZE   64
#define SECRET_FILE 65536 /* bytes that a secret's file may have */

struct load {
    struct settings_loaded *to;
    struct buf problems, warnings; /* lines */
};

/* A name as it was given: "--db-wait-ms" and "PLATEIA_DB_WAIT_MS" are "db_wait_ms". Too long names are cut,
 * and are no row's. */
static void fold(char ret[NAME_SIZE], const char *name, size_t len) {
    if (len >= NAME_SIZE) len = NAME_SIZE - 1;
    for (size_t i = 0; i < len; i++)
        ret[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);
    ret[len] = '\0';
}

static const struct setting_row *find(const char *name) {
    for (size_t i = 0; i < setting_count; i++)
        if (strcmp(setting_rows[i].name, name) == 0) return &setting_rows[i];
    return NULL;
}

/* The name that was probably meant, or NULL. */
static const char *meant_by(const char *name) {
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < setting_count; i++)
        nearest_offer(&nearest, setting_rows[i].name);
    return nearest.found;
}

/* A name as its source spells it. */
static void add_spelled(struct buf *ret, enum setting_source source, const char *name) {
    if (source == SOURCE_FLAG) buf_add_str(ret, "--");
    if (source == SOURCE_ENVIRONMENT) buf_add_str(ret, PREFIX);
    for (; *name; name++) {
        char c = *name;
        if (source == SOURCE_FLAG && c == '_') c = '-';
        if (source == SOURCE_ENVIRONMENT) c = (char)toupper((unsigned char)c);
        buf_add_char(ret, c);
    }
}

static void unknown(struct buf *ret, enum setting_source source, const char *name, const char *origin) {
    const char *meant = meant_by(name);
    buf_addf(ret, "%s is no setting (%s): ", name, origin);
    if (meant) {
        buf_add_str(ret, "did you mean ");
        add_spelled(ret, source, meant);
        buf_add_str(ret, "?\n");
    } else {
        buf_add_str(ret, "`plateia settings` lists them all\n");
    }
}

static void store(struct settings_loaded *to, const struct setting_row *row, int64_t number) {
    void *at = setting_at(row, &to->settings);
    switch (row->kind) {
    case SETTING_SWITCH: *(bool *)at = number != 0; break;
    case SETTING_NUMBER:
    case SETTING_BYTES: *(int64_t *)at = number; break;
    default: *(const char **)at = to->texts[row - setting_rows];
    }
}

static void give(struct load *load, const struct setting_row *row, const char *text,
                 enum setting_source source, const char *origin) {
    int64_t number = 0;
    if (!setting_accepts(row, text, &number)) {
        setting_refuse(row, text, origin, &load->problems);
        return;
    }
    char *copy = strdup(text);
    if (!copy) {
        load->problems.failed = true;
        return;
    }
    size_t i = (size_t)(row - setting_rows);
    free(load->to->texts[i]);
    load->to->texts[i] = copy;
    load->to->sources[i] = source;
    store(load->to, row, number);
}

static void read_defaults(struct load *load) {
    for (size_t i = 0; i < setting_count; i++)
        give(load, &setting_rows[i], setting_rows[i].fallback, SOURCE_DEFAULT, "default");
}

static char *trim(char *text) {
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

static void read_line(struct load *load, char *line, const char *origin) {
    char name[NAME_SIZE];
    char *text = trim(line), *equals = strchr(text, '=');
    if (!*text || *text == '#') return;
    if (!equals) {
        /* only its first word: behind that may stand a secret */
        buf_addf(&load->problems, "\"%.*s\" (%s): give a line as `name = value`, or # and a comment\n",
                 (int)strcspn(text, " \t:"), text, origin);
        return;
    }
    *equals = '\0';
    const char *given = trim(text);
    fold(name, given, strlen(given));
    const struct setting_row *row = find(name);
    if (row)
        give(load, row, trim(equals + 1), SOURCE_FILE, origin);
    else
        unknown(&load->problems, SOURCE_FILE, name, origin);
}

static void read_config(struct load *load, const char *path) {
    FILE *file = fopen(path, "re");
    char *line = NULL, origin[512];
    size_t size = 0;
    if (!file) {
        buf_addf(&load->problems,
                 "the settings file \"%s\" cannot be opened: %s: name another (--config, PLATEIA_CONFIG)\n",
                 path, strerror(errno));
        return;
    }
    for (int number = 1; getline(&line, &size, file) >= 0; number++) {
        snprintf(origin, sizeof origin, "%s:%d", path, number);
        read_line(load, line, origin);
    }
    if (ferror(file)) buf_addf(&load->problems, "the settings file \"%s\" cannot be read\n", path);
    free(line);
    fclose(file);
}

/* A secret's file, without the newline that editors put at its end. */
static void give_file(struct load *load, const struct setting_row *row, const char *path,
                      const char *origin) {
    char text[SECRET_FILE];
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    bool failed = !file || ferror(file);
    if (failed)
        buf_addf(&load->problems,
                 "%s: the file \"%s\" (%s) cannot be read: %s: name one that this user may read\n", row->name,
                 path, origin, strerror(errno));
    if (file) fclose(file);
    if (failed) return;
    if (len && text[len - 1] == '\n') len--;
    if (len && text[len - 1] == '\r') len--;
    text[len] = '\0';
    if (len == 0 || strlen(text) != len)
        buf_addf(&load->problems, "%s: the file \"%s\" (%s) %s\n", row->name, path, origin,
                 len ? "holds a zero byte: write it as text" : "is empty: write the secret into it");
    else
        give(load, row, text, SOURCE_ENVIRONMENT, origin);
    crypto_wipe(text, sizeof text);
}

/* "jwt_secret_file" names the row jwt_secret; only secrets may come from a file of their own. */
static const struct setting_row *find_by_file(char *name) {
    size_t len = strlen(name);
    if (len < 5 || strcmp(name + len - 5, "_file") != 0) return NULL;
    name[len - 5] = '\0';
    const struct setting_row *row = find(name);
    name[len - 5] = '_';
    return row && setting_is_secret(row) ? row : NULL;
}

static void read_variable(struct load *load, const char *entry) {
    char name[NAME_SIZE], origin[NAME_SIZE + 32];
    size_t len = strcspn(entry, "="), prefix = strlen(PREFIX);
    bool database = len == strlen("DATABASE_URL") && strncmp(entry, "DATABASE_URL", len) == 0;
    if (!database && strncmp(entry, PREFIX, prefix) != 0) return;
    if (!entry[len] || !entry[len + 1]) return; /* set to nothing is not set: compose files do that */

    if (database) prefix = 0;
    fold(name, entry + prefix, len - prefix);
    if (strcmp(name, "config") == 0 || strncmp(name, "test_", 5) == 0) return;
    snprintf(origin, sizeof origin, "environment %.*s", (int)(len < NAME_SIZE ? len : NAME_SIZE), entry);
    const struct setting_row *row = find(name), *by_file = row ? NULL : find_by_file(name);
    if (by_file) row = by_file;
    if (!row)
        unknown(&load->warnings, SOURCE_ENVIRONMENT, name, origin);
    else if (load->to->sources[row - setting_rows] == SOURCE_ENVIRONMENT)
        buf_addf(&load->problems, "%s is set twice (%s is the second): keep one\n", row->name, origin);
    else if (by_file)
        give_file(load, row, entry + len + 1, origin);
    else
        give(load, row, entry + len + 1, SOURCE_ENVIRONMENT, origin);
}

static bool is_flag(const char *text) {
    return strncmp(text, "--", 2) == 0;
}

/* "no_access_log" names the switch access_log. */
static const struct setting_row *find_negated(const char *name) {
    if (strncmp(name, "no_", 3) != 0) return NULL;
    const struct setting_row *row = find(name + 3);
    return row && row->kind == SETTING_SWITCH ? row : NULL;
}

/* "no_access_log" stands for false, and has its value in itself. A switch takes the word behind it only where
 * that can be nothing else. */
int settings_flag_words(int left, const char *const *argv) {
    char name[NAME_SIZE];
    int64_t number;
    size_t len = strcspn(argv[0], "=");
    if (!is_flag(argv[0]) || len == 2 || argv[0][len] || left < 2 || is_flag(argv[1])) return 1;
    fold(name, argv[0] + 2, len - 2);
    const struct setting_row *row = find(name);
    if (!row && find_negated(name)) return 1;
    return row && row->kind == SETTING_SWITCH && !setting_accepts(row, argv[1], &number) ? 1 : 2;
}

/* Reads argv[0], and argv[1] where that is its value; returns how many were read. */
static int read_flag(struct load *load, int left, const char *const *argv) {
    char name[NAME_SIZE], origin[NAME_SIZE + 16];
    size_t len = strcspn(argv[0], "=");
    if (!is_flag(argv[0]) || len == 2) {
        buf_addf(&load->problems, "\"%s\" is no flag: give --name value or --name=value\n", argv[0]);
        return 1;
    }
    fold(name, argv[0] + 2, len - 2);
    snprintf(origin, sizeof origin, "flag %.*s", (int)(len < NAME_SIZE ? len : NAME_SIZE), argv[0]);

    const struct setting_row *row = find(name), *off = row ? NULL : find_negated(name);
    if (off && !argv[0][len]) {
        give(load, off, "false", SOURCE_FLAG, origin);
        return 1;
    }
    bool apart = settings_flag_words(left, argv) == 2;
    const char *value = argv[0][len] ? argv[0] + len + 1 : apart ? argv[1] : NULL;
    if (row && !value && row->kind == SETTING_SWITCH) value = "true";
    bool config = strcmp(name, "config") == 0; /* read before */
    if (!row && !config)
        unknown(&load->problems, SOURCE_FLAG, name, origin);
    else if (!value)
        buf_addf(&load->problems, "%s has no value (%s): give one behind it\n", name, origin);
    else if (row)
        give(load, row, value, SOURCE_FLAG, origin);
    return apart ? 2 : 1;
}

/* The file to read, from the flags or else the environment; NULL when none is named. */
static const char *config_path(int argc, const char *const *argv, const char *const *environment) {
    const char *path = NULL;
    for (; *environment; environment++)
        if (strncmp(*environment, PREFIX "CONFIG=", 15) == 0 && (*environment)[15]) path = *environment + 15;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0) path = argv[i] + 9;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc && !is_flag(argv[i + 1])) path = argv[i + 1];
    }
    return path;
}

static int64_t count_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

static enum err_code verdict(const struct load *load, struct err *err) {
    if (load->problems.failed || load->warnings.failed)
        return err_set(err, ERR_NO_MEMORY, "no memory for the settings");
    if (load->problems.len == 0) return ERR_OK;
    return err_set(err, ERR_INVALID, "%.*s", (int)strcspn(load->problems.data, "\n"), load->problems.data);
}

enum err_code settings_load(struct settings **ret, int argc, const char *const *argv,
                            const char *const *environment, struct buf *problems, struct buf *warnings,
                            struct err *err) {
    struct load load = {.to = calloc(1, sizeof *load.to)};
    if (!load.to) return err_set(err, ERR_NO_MEMORY, "no memory for the settings");

    read_defaults(&load);
    const char *config = config_path(argc, argv, environment);
    if (config) read_config(&load, config);
    for (const char *const *entry = environment; *entry; entry++)
        read_variable(&load, *entry);
    for (int i = 0; i < argc;)
        i += read_flag(&load, argc - i, argv + i);
    if (load.to->settings.workers == 0) load.to->settings.workers = count_cores();

    enum err_code code = verdict(&load, err);
    if (problems && load.problems.len) buf_add(problems, load.problems.data, load.problems.len);
    if (warnings && load.warnings.len) buf_add(warnings, load.warnings.data, load.warnings.len);
    buf_done(&load.problems);
    buf_done(&load.warnings);
    if (code == ERR_OK)
        *ret = &load.to->settings;
    else
        settings_free(&load.to->settings);
    return code;
}
