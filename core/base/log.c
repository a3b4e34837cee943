/* log.c -- one line an event.
 *
 * A line grows in a buffer of its thread and leaves under one lock, so lines of different threads never mix,
 * however long they are. Whoever reads our output may be slow or gone: a full pipe is waited for, but not
 * for ever, and what cannot be written is dropped, for serving is worth more than logging. (SIGPIPE is the
 * program's to ignore.) Values may come from clients: JSON stays valid whatever bytes they hold, and readable
 * lines never carry a control character to the reader's terminal. */

#include "log.h"
#include "buf.h"
#include "clock.h"
#include "text.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MOST 16384 /* of one text in a line */
#define HOLD_MOST 32768 /* bytes a turn may gather before they leave */
#define KEEP_MOST 65536 /* a larger buffer is given back */
#define WAIT_MS   1000  /* for a reader that does not read */

static struct {
    enum log_format format;
    enum log_level least;
    int fd;
    bool colour;
} to = {.format = LOG_TEXT, .least = LOG_INFO, .fd = STDOUT_FILENO};

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
/* guarded by `writing` */
static bool stalled; /* we waited in vain: no more waiting until something leaves again */
static bool torn;    /* the last line lost its end, newline and all */

static _Thread_local struct buf line;
static _Thread_local bool holding;

static _Thread_local unsigned own_generation;
static _Atomic unsigned default_generation;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static bool have_key;

static const char *const names[] = {"debug", "info", "warn", "error"};
static const char *const labels[] = {"DEBUG ", "INFO  ", "WARN  ", "ERROR "};
static const char *const colours[] = {"\033[2m", "\033[32m", "\033[33m", "\033[31m"};
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

void log_open(enum log_format format, enum log_level least, int fd) {
    const char *no_color = getenv("NO_COLOR");
    to.format = format;
    to.least = least;
    to.fd = fd;
    to.colour = isatty(fd) && !(no_color && *no_color);
}

bool log_wants(enum log_level level) {
    return level >= to.least;
}

unsigned log_generation(unsigned number) {
    unsigned before = own_generation;
    own_generation = number;
    return before;
}

void log_generation_default(unsigned number) {
    atomic_store_explicit(&default_generation, number, memory_order_relaxed);
}

static unsigned generation_now(void) {
    return own_generation ? own_generation : atomic_load_explicit(&default_generation, memory_order_relaxed);
}

/* How much of it left. */
static size_t write_all(const char *bytes, size_t len) {
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(to.fd, bytes + done, len - done);
        if (n >= 0) {
            done += (size_t)n;
            stalled = false;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = to.fd, .events = POLLOUT};
            stalled = poll(&room, 1, stalled ? 0 : WAIT_MS) == 0;
            if (stalled) break;
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

void log_flush(void) {
    if (line.len == 0) return;
    int kept_errno = errno;
    pthread_mutex_lock(&writing);
    if (torn && write_all("\n", 1) == 1) torn = false;
    size_t done = torn ? 0 : write_all(line.data, line.len);
    if (done > 0) torn = line.data[done - 1] != '\n';
    pthread_mutex_unlock(&writing);
    if (line.cap > KEEP_MOST) buf_done(&line);
    buf_clear(&line);
    errno = kept_errno;
}

void log_hold(bool hold) {
    holding = hold;
    if (!hold) log_flush();
}

static void end_thread(void *unused) {
    (void)unused;
    log_flush();
    buf_done(&line);
}

static void make_key(void) {
    have_key = pthread_key_create(&at_thread_end, end_thread) == 0;
}

/* A thread's buffer leaves with the thread; the key's value only has to be something. */
static void mind_thread_end(void) {
    pthread_once(&once, make_key);
    if (have_key) pthread_setspecific(at_thread_end, &line);
}

/* At most three decimals for what is read by people; what is too small or large for them, with exponent. */
static void add_real(double real) {
    double size = fabs(real);
    if (!isfinite(real)) {
        buf_add_str(&line, "null");
    } else if (size != 0 && (size < 0.001 || size >= 1e15)) {
        buf_addf(&line, "%.6g", real);
    } else {
        buf_addf(&line, "%.3f", real);
        while (!line.failed && line.data[line.len - 1] == '0')
            line.data[--line.len] = '\0';
        if (!line.failed && line.data[line.len - 1] == '.') line.data[--line.len] = '\0';
    }
}

static void add_json_field(const struct log_field *field) {
    buf_add_char(&line, ',');
    buf_add_json(&line, field->name, strlen(field->name));
    buf_add_char(&line, ':');
    if (field->kind == LOG_KIND_INT)
        buf_add_int(&line, field->integer);
    else if (field->kind == LOG_KIND_REAL)
        add_real(field->real);
    else if (field->kind == LOG_KIND_BOOL)
        buf_add_str(&line, field->integer ? "true" : "false");
    else if (field->text)
        buf_add_json(&line, field->text, strnlen(field->text, TEXT_MOST));
    else
        buf_add_str(&line, "null");
}

static void add_json_line(const char *time, enum log_level level, const char *message,
                          const struct log_field *fields, size_t count) {
    unsigned generation = generation_now();
    buf_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time, names[level]);
    buf_add_json(&line, message, strnlen(message, TEXT_MOST));
    if (generation) { /* in every line: not worth the way of a field that anybody names */
        buf_add_str(&line, ",\"generation\":");
        buf_add_int(&line, generation);
    }
    for (size_t i = 0; i < count; i++)
        add_json_field(&fields[i]);
    buf_add_str(&line, "}\n");
}

/* C0, DEL and, as terminals obey them in UTF-8 too, C1 (U+0080 to U+009F). */
static bool is_control(const unsigned char *c, size_t step) {
    return c[0] < 0x20 || c[0] == 0x7F || (step == 2 && c[0] == 0xC2 && c[1] < 0xA0);
}

static void add_control(unsigned char c) {
    switch (c) {
    case '\n': buf_add_str(&line, "\\n"); break;
    case '\r': buf_add_str(&line, "\\r"); break;
    case '\t': buf_add_str(&line, "\\t"); break;
    default: buf_addf(&line, "\\u%04x", c);
    }
}

static void add_readable(const char *text, bool quoted) {
    size_t step, len = strnlen(text, TEXT_MOST);
    for (const char *end = text + len; text < end; text += step) {
        step = text_utf8_step(text, (size_t)(end - text));
        if (step == 0) {
            buf_add_str(&line, TEXT_REPLACEMENT);
            step = 1;
        } else if (is_control((const unsigned char *)text, step)) {
            add_control((unsigned char)text[step - 1]);
        } else {
            if (quoted && (*text == '"' || *text == '\\')) buf_add_char(&line, '\\');
            buf_add(&line, text, step);
        }
    }
}

static void add_readable_value(const char *text) {
    bool quoted = !*text || strpbrk(text, " \"=\\");
    for (const char *at = text; *at && !quoted; at++)
        quoted = (unsigned char)*at < 0x20;
    if (quoted) buf_add_char(&line, '"');
    add_readable(text, quoted);
    if (quoted) buf_add_char(&line, '"');
}

static void add_coloured(const char *colour, const char *text, size_t len) {
    if (to.colour) buf_add_str(&line, colour);
    buf_add(&line, text, len);
    if (to.colour) buf_add_str(&line, PLAIN);
}

static void add_readable_field(const struct log_field *field) {
    buf_add_char(&line, ' ');
    if (to.colour) buf_add_str(&line, DIM);
    add_readable(field->name, false);
    buf_add_char(&line, '=');
    if (to.colour) buf_add_str(&line, PLAIN);
    if (field->kind == LOG_KIND_INT)
        buf_add_int(&line, field->integer);
    else if (field->kind == LOG_KIND_REAL)
        add_real(field->real);
    else if (field->kind == LOG_KIND_BOOL)
        buf_add_str(&line, field->integer ? "true" : "false");
    else if (field->text)
        add_readable_value(field->text);
    else
        buf_add_str(&line, "null");
}

static void add_readable_line(const char *time, enum log_level level, const char *message,
                              const struct log_field *fields, size_t count) {
    const char *clock = strchr(time, 'T') + 1;
    unsigned generation = generation_now();
    add_coloured(DIM, clock, strlen(clock) - 1); /* without the Z */
    buf_add_char(&line, ' ');
    add_coloured(colours[level], labels[level], strlen(labels[level]));
    add_readable(message, false);
    if (generation || count > 0) buf_add_char(&line, ' ');
    if (generation) add_readable_field(&log_int("generation", generation));
    for (size_t i = 0; i < count; i++)
        add_readable_field(&fields[i]);
    buf_add_char(&line, '\n');
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    if (!log_wants(level)) return;
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(time, clock_wall_ms());
    if (!line.data) mind_thread_end();
    size_t start = line.len;
    if (to.format == LOG_JSON)
        add_json_line(time, level, message, fields, count);
    else
        add_readable_line(time, level, message, fields, count);
    if (line.failed) { /* no memory for this line: those before it are whole */
        line.failed = false;
        line.len = start;
    }
    if (!holding || level == LOG_ERROR || line.len > HOLD_MOST) log_flush();
}
