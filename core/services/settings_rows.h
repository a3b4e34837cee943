#ifndef PLATEIA_SERVICES_SETTINGS_ROWS_H
#define PLATEIA_SERVICES_SETTINGS_ROWS_H

/* settings_rows.h -- what settings.c (the table, and showing it), settings_load.c (the sources) and
 * settings_check.c (one value) share. Private to the three. */

#include "settings.h"

enum setting_kind {
    SETTING_TEXT,    /* bounds are its length */
    SETTING_FOLDER,  /* the same; the shell can complete it */
    SETTING_ADDRESS, /* host:port */
    SETTING_URL,     /* of a database: scripts may not see it, people see it without its password */
    SETTING_SECRET,  /* bounds are its length when it is set; nobody sees it */
    SETTING_WORD,    /* one of `words` */
    SETTING_NUMBER,
    SETTING_BYTES, /* a number that may be written 64KiB, 1MiB or 1GiB */
    SETTING_SWITCH /* true or false */
};

struct setting_row {
    const char *name; /* "jwt_secret": --jwt-secret, PLATEIA_JWT_SECRET */
    size_t offset;    /* in struct settings */
    enum setting_kind kind;
    const char *fallback;
    int64_t least, most;
    const char *help;
    const char *words; /* "json text" */
};

extern const struct setting_row setting_rows[];
extern const size_t setting_count;
#define SETTINGS_MAX 64 /* rows; setting_count is checked against it */

enum setting_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

/* What a `struct settings *` really points to: the settings and what they were read from. */
struct settings_loaded {
    struct settings settings; /* first */
    char *texts[SETTINGS_MAX];
    enum setting_source sources[SETTINGS_MAX];
};

/* Where the row's value lives: a `const char *`, an `int64_t` or a `bool`, by its kind. */
void *setting_at(const struct setting_row *row, const struct settings *settings);

/* True when no one may see the value as it is. */
bool setting_is_secret(const struct setting_row *row);
/* The text as people may see it: all of a secret and the password of a URL replaced by "***". */
void setting_add_shown(const struct setting_row *row, const char *text, struct buf *ret);

/* Is the text a value of this row? *number is what a number, a size or a switch says. */
bool setting_accepts(const struct setting_row *row, const char *text, int64_t *number);
/* Adds the line for one that is not: name, value, where it came from, and what to give instead. */
void setting_refuse(const struct setting_row *row, const char *text, const char *origin, struct buf *ret);

#endif
