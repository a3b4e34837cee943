/* settings_check.c -- is a text a value of a row, and what to say when it is not.
 *
 * The advice stands beside the check and is made from the same bounds, so that it is always true. */

#include "settings_rows.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(const char *text, const char *words) {
    size_t len = strlen(text);
    for (const char *at = words; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (len && strcspn(at, " ") == len && strncmp(at, text, len) == 0) return true;
    }
    return false;
}

/* Digits and nothing else; a minus may be there, so that the bounds can refuse it. */
static bool read_number(const char *text, char **end, int64_t *ret) {
    if (!isdigit((unsigned char)text[text[0] == '-'])) return false;
    errno = 0;
    *ret = strtoll(text, end, 10);
    return errno == 0;
}

static bool read_bytes(const char *text, int64_t *ret) {
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    char *unit;
    if (!read_number(text, &unit, ret)) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(unit, units[i]) == 0) return !__builtin_mul_overflow(*ret, 1LL << (10 * i), ret);
    return false;
}

static bool read_switch(const char *text, int64_t *ret) {
    *ret = is_word(text, "true yes on 1");
    return *ret || is_word(text, "false no off 0");
}

static bool is_address(const char *text) {
    const char *colon = strrchr(text, ':');
    char *end;
    int64_t port;
    if (!colon || colon == text || colon[1] == '-') return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    if (!bracketed && memchr(text, ':', (size_t)(colon - text))) return false;
    return read_number(colon + 1, &end, &port) && !*end && port <= 65535;
}

static bool is_url(const char *text) {
    return !*text || strncmp(text, "postgres://", 11) == 0 || strncmp(text, "postgresql://", 13) == 0 ||
           (strchr(text, '=') && !strstr(text, "://"));
}

bool setting_accepts(const struct setting_row *row, const char *text, int64_t *number) {
    int64_t len = (int64_t)strlen(text);
    char *end;
    switch (row->kind) {
    case SETTING_TEXT:
    case SETTING_FOLDER: return len >= row->least && len <= row->most;
    case SETTING_SECRET: return len == 0 || (len >= row->least && len <= row->most);
    case SETTING_ADDRESS: return is_address(text);
    case SETTING_URL: return len <= row->most && is_url(text);
    case SETTING_WORD: return is_word(text, row->words);
    case SETTING_SWITCH: return read_switch(text, number);
    case SETTING_NUMBER:
        return read_number(text, &end, number) && !*end && *number >= row->least && *number <= row->most;
    case SETTING_BYTES: return read_bytes(text, number) && *number >= row->least && *number <= row->most;
    }
    return false;
}

/* What to give instead. */
static void add_advice(const struct setting_row *row, struct buf *ret) {
    long long least = row->least, most = row->most;
    switch (row->kind) {
    case SETTING_TEXT:
    case SETTING_FOLDER: buf_addf(ret, "give %lld to %lld bytes", least, most); break;
    case SETTING_ADDRESS: buf_add_str(ret, "give host:port, as 127.0.0.1:8080 or [::]:8080"); break;
    case SETTING_URL: buf_add_str(ret, "give postgres://user:password@host:5432/database, or nothing"); break;
    case SETTING_SECRET:
        buf_addf(ret, "give %lld to %lld bytes, as `openssl rand -hex 32` makes them", least, most);
        break;
    case SETTING_WORD: buf_addf(ret, "give one of: %s", row->words); break;
    case SETTING_NUMBER: buf_addf(ret, "give a whole number from %lld to %lld", least, most); break;
    case SETTING_BYTES:
        buf_addf(ret, "give bytes from %lld to %lld, as 65536, 64KiB or 1MiB", least, most);
        break;
    case SETTING_SWITCH: buf_add_str(ret, "give true or false (or yes, no, on, off, 1, 0)"); break;
    }
}

void setting_refuse(const struct setting_row *row, const char *text, const char *origin, struct buf *ret) {
    if (row->kind == SETTING_SECRET) {
        buf_addf(ret, "%s has %zu bytes (%s): ", row->name, strlen(text), origin);
    } else {
        buf_addf(ret, "%s is \"", row->name);
        setting_add_shown(row, text, ret);
        buf_addf(ret, "\" (%s): ", origin);
    }
    add_advice(row, ret);
    buf_add_char(ret, '\n');
}
