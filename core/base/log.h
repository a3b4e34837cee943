#ifndef PLATEIA_BASE_LOG_H
#define PLATEIA_BASE_LOG_H

/* log.h -- one line an event, on standard output: JSON for machines, readable for people.
 *
 * Any thread may log. A line is built in the thread's own buffer and leaves in one write. A thread that runs
 * a reactor calls log_hold(true) once and log_flush() at the end of each turn, so that a turn's lines share
 * one write; all others write at once. Lines at ERROR level always leave at once. A reader that stopped
 * reading or left costs lines, never the process (which has to ignore SIGPIPE). Values may hold any bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_REAL, LOG_KIND_BOOL };
struct log_field {
    const char *name;
    enum log_kind kind;
    const char *text; /* NULL text is written as null */
    int64_t integer;
    double real;
};

/* Until this is called: text, INFO, file descriptor 1. */
void log_open(enum log_format format, enum log_level least, int fd);
bool log_wants(enum log_level level);

/* {"time":"...","level":"info","message":"...","generation":7, fields...} */
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* Which scripts a line tells of: from here on each line of this thread carries the number. 0, as at first:
 * the line carries what log_generation_default said, or nothing while that is 0 too. Returns the number
 * before, so that a caller can put it back. */
unsigned log_generation(unsigned number);
void log_generation_default(unsigned number); /* any thread, for all threads */

void log_hold(bool hold);
void log_flush(void);

#define log_text(n, v) ((struct log_field){.name = (n), .kind = LOG_KIND_TEXT, .text = (v)})
#define log_int(n, v)  ((struct log_field){.name = (n), .kind = LOG_KIND_INT, .integer = (int64_t)(v)})
#define log_real(n, v) ((struct log_field){.name = (n), .kind = LOG_KIND_REAL, .real = (v)})
#define log_bool(n, v) ((struct log_field){.name = (n), .kind = LOG_KIND_BOOL, .integer = (v) ? 1 : 0})

/* log_event(LOG_INFO, "listening", log_text("address", a), log_int("port", p)); at least one field. */
#define log_event(level, message, ...)                                                                       \
    log_write((level), (message), (const struct log_field[]){__VA_ARGS__},                                   \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
