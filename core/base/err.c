/* err.c -- filling in what went wrong.
 *
 * The sentence is built aside and copied at the end, so that a caller may wrap an error in itself:
 * err_set(err, code, "reading %s: %s", path, err->text). A sentence that is cut never ends in half a UTF-8
 * character, as it may travel on into JSON. */

#include "err.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void drop_half_character(char *text, size_t len) {
    while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
        len--;
    if (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0xC0) len--;
    text[len] = '\0';
}

enum err_code err_set(struct err *err, enum err_code code, const char *format, ...) {
    if (!err) return code;
    char text[sizeof(err->text)];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0) text[0] = '\0';
    if (len >= (int)sizeof(text)) drop_half_character(text, sizeof(text) - 1);
    err->code = code;
    err->state[0] = '\0';
    memcpy(err->text, text, strlen(text) + 1);
    return code;
}

void err_advise(struct err *err, const char *advice) {
    if (!err) return;
    size_t len = strlen(err->text), room = sizeof(err->text) - len;
    int added = snprintf(err->text + len, room, ": %s", advice);
    if (added >= (int)room) drop_half_character(err->text, sizeof(err->text) - 1);
}

enum err_code err_system(struct err *err, const char *what) {
    char sentence[128];
    return err_set(err, ERR_SYSTEM, "%s: %s", what, strerror_r(errno, sentence, sizeof(sentence)));
}

const char *err_name(enum err_code code) {
    switch (code) {
    case ERR_OK: return "ok";
    case ERR_INVALID: return "invalid";
    case ERR_NOT_FOUND: return "not_found";
    case ERR_EXISTS: return "exists";
    case ERR_BUSY: return "busy";
    case ERR_TIMEOUT: return "timeout";
    case ERR_LIMIT: return "limit";
    case ERR_DENIED: return "denied";
    case ERR_UNKNOWN: return "unknown";
    case ERR_NO_MEMORY: return "no_memory";
    case ERR_SYSTEM: return "system";
    case ERR_DATABASE: return "database";
    }
    return "unknown";
}
