/* test_log.c -- lines are whole, valid and harmless, whatever is logged and whoever reads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/buf.h"
#include "../../../core/base/log.h"
#include "../../../core/base/text.h"
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends[2]; /* the log writes into ends[1] */
static struct buf output;

static int set_up(void **state) {
    (void)state;
    return pipe2(ends, O_CLOEXEC);
}

static int tear_down(void **state) {
    (void)state;
    log_hold(false);
    log_open(LOG_TEXT, LOG_INFO, STDOUT_FILENO);
    log_generation(0);
    log_generation_default(0);
    buf_done(&output);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What has been written until now, NUL-terminated. */
static char *written(void) {
    buf_clear(&output);
    buf_add_str(&output, "");
    char piece[4096];
    while (poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 0) == 1) {
        ssize_t n = read(ends[0], piece, sizeof(piece));
        if (n <= 0) break;
        buf_add(&output, piece, (size_t)n);
    }
    return output.data;
}

/* One JSON line's bytes after the time, which is checked and cut off. */
static char *after_time(char *line) {
    static const char shape[] = "{\"time\":\"dddd-dd-ddTdd:dd:dd.dddZ\",";
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], shape[i]);
    }
    return line + sizeof(shape) - 1;
}

/* One readable line's bytes after the time. */
static char *after_clock(char *line) {
    static const char shape[] = "dd:dd:dd.ddd ";
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], shape[i]);
    }
    return line + sizeof(shape) - 1;
}

/* ---- JSON ---- */

static void json_holds_every_kind(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_DEBUG, ends[1]);
    log_event(LOG_WARN, "a \"b\"", log_text("path", "/x y"), log_text("none", NULL), log_int("n", INT64_MIN),
              log_real("ms", 0.5));
    assert_string_equal(after_time(written()),
                        "\"level\":\"warn\",\"message\":\"a \\\"b\\\"\",\"path\":\"/x y\","
                        "\"none\":null,\"n\":-9223372036854775808,\"ms\":0.5}\n");
    log_write(LOG_DEBUG, "alone", NULL, 0);
    assert_string_equal(after_time(written()), "\"level\":\"debug\",\"message\":\"alone\"}\n");
}

static void reals_are_short_and_valid(void **state) {
    (void)state;
    static const struct {
        double real;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {100, "100"},
        {0.25, "0.25"},
        {-1.5, "-1.5"},
        {12.3456, "12.346"},
        {0.001, "0.001"},
        {0.00025, "0.00025"},
        {1e-9, "1e-09"},
        {1e20, "1e+20"},
        {123456789.5, "123456789.5"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    log_open(LOG_JSON, LOG_DEBUG, ends[1]);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        log_event(LOG_INFO, "", log_real("r", rows[i].real));
        char *value = strstr(written(), "\"r\":") + 4;
        *strchr(value, '}') = '\0';
        assert_string_equal(value, rows[i].text);
        assert_null(text_json_problem(value, strlen(value), 1));
    }
}

/* Brackets, quotes and commas where an object of scalars has them; what the tokens hold, text_json_problem
 * has judged. */
static void assert_object(const char *at, const char *end) {
    assert_int_equal(*at++, '{');
    for (bool name = true;; name = !name) {
        if (*at == '"') {
            while (*++at != '"')
                at += *at == '\\';
            at++;
        } else {
            assert_false(name);
            at += strspn(at, "-+.0123456789eEnul");
        }
        if (!name && *at == '}') break;
        assert_int_equal(*at++, name ? ':' : ',');
    }
    assert_ptr_equal(at + 1, end);
}

static void json_is_valid_whatever_bytes_come(void **state) {
    (void)state;
    unsigned seed = 1;
    log_open(LOG_JSON, LOG_DEBUG, ends[1]);
    for (int round = 0; round < 2000; round++) {
        char noise[64];
        for (size_t i = 0; i < sizeof(noise) - 1; i++)
            noise[i] = (char)(rand_r(&seed) % 255 + 1);
        noise[(size_t)rand_r(&seed) % sizeof(noise)] = noise[sizeof(noise) - 1] = '\0';
        log_event(LOG_INFO, noise, log_text(noise, noise), log_int("n", round), log_text("path", noise));
        char *line = written(), *newline = strchr(line, '\n');
        assert_ptr_equal(newline, line + output.len - 1);
        assert_null(text_json_problem(line, output.len - 1, 1));
        assert_object(line, newline);
    }
    log_event(LOG_INFO, "x",
              log_text("path", "/a\xFF"
                               "b"));
    assert_non_null(strstr(written(), "\"path\":\"/a\xEF\xBF\xBD"
                                      "b\""));
}

/* ---- readable ---- */

static void readable_lines_quote_what_needs_it(void **state) {
    (void)state;
    log_open(LOG_TEXT, LOG_DEBUG, ends[1]);
    log_event(LOG_INFO, "listening on", log_text("name", "value"), log_text("other", "with space"),
              log_text("none", NULL), log_text("empty", ""), log_int("n", 7), log_real("ms", 1.25),
              log_bool("new", true));
    assert_string_equal(after_clock(written()),
                        "INFO  listening on  name=value other=\"with space\" none=null "
                        "empty=\"\" n=7 ms=1.25 new=true\n");
    log_event(LOG_ERROR, "m", log_text("a", "x=1"), log_text("b", "say \"\\\""));
    assert_string_equal(after_clock(written()), "ERROR m  a=\"x=1\" b=\"say \\\"\\\\\\\"\"\n");
    log_write(LOG_DEBUG, "alone", NULL, 0);
    assert_string_equal(after_clock(written()), "DEBUG alone\n");
}

static void readable_lines_never_command_the_terminal(void **state) {
    (void)state;
    log_open(LOG_TEXT, LOG_DEBUG, ends[1]);
    log_event(LOG_WARN, "a\033[2J", log_text("p\r", "b\nc\td\x7f"),
              log_text("q", "\xC2\x9B"
                            "2J\x9B\xFF"));
    assert_string_equal(after_clock(written()), "WARN  a\\u001b[2J  p\\r=\"b\\nc\\td\\u007f\" "
                                                "q=\\u009b2J\xEF\xBF\xBD\xEF\xBF\xBD\n");
    unsigned seed = 2;
    for (int round = 0; round < 2000; round++) {
        char noise[64] = "";
        for (size_t i = 0; i < sizeof(noise) - 1; i++)
            noise[i] = (char)(rand_r(&seed) % 255 + 1);
        log_event(LOG_INFO, noise, log_text(noise, noise));
        const char *line = written();
        assert_true(text_is_utf8(line, output.len));
        for (size_t i = 0; i + 1 < output.len; i++) {
            assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7F);
            assert_false((unsigned char)line[i] == 0xC2 && (unsigned char)line[i + 1] < 0xA0);
        }
    }
}

static void colour_is_for_terminals_alone(void **state) {
    (void)state;
    int host = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (host < 0 || grantpt(host) < 0 || unlockpt(host) < 0) skip();
    int terminal = open(ptsname(host), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    for (int no_color = 0; no_color <= 2; no_color++) {
        unsetenv("NO_COLOR");
        if (no_color) setenv("NO_COLOR", no_color == 1 ? "1" : "", 1); /* empty counts as not set */
        log_open(LOG_TEXT, LOG_INFO, terminal);
        log_event(LOG_INFO, "m", log_int("n", 1));
        char line[512];
        ssize_t n = read(host, line, sizeof(line) - 1);
        assert_true(n > 0);
        line[n] = '\0';
        assert_int_equal(strchr(line, '\033') != NULL, no_color != 1);
    }
    unsetenv("NO_COLOR");
    log_open(LOG_JSON, LOG_INFO, terminal);
    log_event(LOG_INFO, "m", log_int("n", 1));
    char line[512] = "";
    assert_true(read(host, line, sizeof(line) - 1) > 0);
    assert_null(strchr(line, '\033'));
    close(terminal);
    close(host);
}

/* ---- whose scripts ---- */

static void lines_carry_their_generation(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    assert_int_equal(log_generation(7), 0);
    log_event(LOG_INFO, "m", log_int("n", 1));
    assert_string_equal(after_time(written()),
                        "\"level\":\"info\",\"message\":\"m\",\"generation\":7,\"n\":1}\n");
    log_open(LOG_TEXT, LOG_INFO, ends[1]);
    log_event(LOG_INFO, "m", log_int("n", 1));
    assert_string_equal(after_clock(written()), "INFO  m  generation=7 n=1\n");
    log_write(LOG_INFO, "alone", NULL, 0);
    assert_string_equal(after_clock(written()), "INFO  alone  generation=7\n");
    assert_int_equal(log_generation(UINT_MAX), 7);
    log_write(LOG_INFO, "large", NULL, 0);
    assert_string_equal(after_clock(written()), "INFO  large  generation=4294967295\n");
    assert_int_equal(log_generation(0), UINT_MAX);
    log_write(LOG_INFO, "none", NULL, 0);
    assert_string_equal(after_clock(written()), "INFO  none\n");
}

static void *log_two(void *arg) {
    (void)arg;
    log_write(LOG_INFO, "m", NULL, 0);
    log_generation(9);
    log_write(LOG_INFO, "m", NULL, 0);
    return NULL;
}

static void a_thread_without_one_has_the_default(void **state) {
    (void)state;
    pthread_t thread;
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    log_generation_default(3);
    log_generation(8); /* this thread's alone */
    assert_int_equal(pthread_create(&thread, NULL, log_two, NULL), 0);
    pthread_join(thread, NULL);
    char *first = written(), *second = strchr(first, '\n') + 1;
    assert_string_equal(after_time(second), "\"level\":\"info\",\"message\":\"m\",\"generation\":9}\n");
    *second = '\0';
    assert_string_equal(after_time(first), "\"level\":\"info\",\"message\":\"m\",\"generation\":3}\n");
    log_write(LOG_INFO, "m", NULL, 0);
    assert_non_null(strstr(written(), "\"generation\":8}"));
    log_generation(0);
    log_write(LOG_INFO, "m", NULL, 0);
    assert_non_null(strstr(written(), "\"generation\":3}"));
}

/* ---- when lines leave ---- */

static void lower_levels_are_dropped(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_WARN, ends[1]);
    assert_false(log_wants(LOG_INFO));
    assert_true(log_wants(LOG_WARN));
    log_write(LOG_INFO, "no", NULL, 0);
    assert_string_equal(written(), "");
    log_write(LOG_WARN, "yes", NULL, 0);
    assert_non_null(strstr(written(), "yes"));
}

static int lines_in(const char *text) {
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void held_lines_leave_together(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    log_hold(true);
    log_write(LOG_INFO, "1", NULL, 0);
    log_write(LOG_INFO, "2", NULL, 0);
    assert_string_equal(written(), "");
    log_flush();
    assert_int_equal(lines_in(written()), 2);
    log_flush();
    assert_string_equal(written(), "");

    log_write(LOG_INFO, "3", NULL, 0);
    log_write(LOG_ERROR, "4", NULL, 0); /* takes with it what came before */
    char *text = written();
    assert_int_equal(lines_in(text), 2);
    assert_true(strstr(text, "\"3\"") < strstr(text, "\"4\""));

    log_write(LOG_INFO, "5", NULL, 0);
    log_hold(false);
    assert_int_equal(lines_in(written()), 1);
}

static void holding_has_a_limit(void **state) {
    (void)state;
    char text[1000] = "";
    memset(text, 'x', sizeof(text) - 1);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    log_hold(true);
    int count = 0;
    for (; count < 100 && !*written(); count++)
        log_write(LOG_INFO, text, NULL, 0);
    assert_in_range(count, 20, 40);
}

static void *log_and_leave(void *arg) {
    (void)arg;
    log_hold(true);
    log_write(LOG_INFO, "last words", NULL, 0);
    return NULL;
}

static void a_thread_that_ends_leaves_nothing_behind(void **state) {
    (void)state;
    pthread_t thread;
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    assert_int_equal(pthread_create(&thread, NULL, log_and_leave, NULL), 0);
    pthread_join(thread, NULL);
    assert_non_null(strstr(written(), "last words"));
}

static void logging_keeps_errno(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_INFO, -1); /* every write fails */
    errno = ENOENT;
    log_event(LOG_INFO, "m", log_int("n", 1));
    assert_int_equal(errno, ENOENT);
}

/* ---- readers ---- */

#define THREADS 4
#define LINES   200

static void *log_long_lines(void *arg) {
    char text[6000] = ""; /* more than a pipe takes in one piece */
    memset(text, 'a' + (int)(intptr_t)arg, sizeof(text) - 1);
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, text, log_int("n", i));
    return NULL;
}

/* Reads until nothing can come any more, on a descriptor that may say EAGAIN to the writers. */
static void *read_all(void *arg) {
    struct buf *all = arg;
    char piece[1500];
    ssize_t n;
    while ((n = read(ends[0], piece, sizeof(piece))) > 0)
        buf_add(all, piece, (size_t)n);
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state) {
    (void)state;
    pthread_t threads[THREADS], reader;
    struct buf all = {0};
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    pthread_create(&reader, NULL, read_all, &all);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, log_long_lines, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    close(ends[1]);
    pthread_join(reader, NULL);
    ends[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);

    int count = 0;
    for (char *line = all.data, *end; (end = strchr(line, '\n')); line = end + 1, count++) {
        char *message = strstr(after_time(line), "\"message\":\"") + 11;
        char letter[] = {*message, '\0'};
        assert_int_equal(strspn(message, letter), 5999);
        assert_object(line, end);
    }
    assert_int_equal(count, THREADS * LINES);
    buf_done(&all);
}

/* The reader sleeps for ever: we wait once, then drop; when it wakes, lines are whole again. */
static void a_sleeping_reader_costs_lines_not_the_process(void **state) {
    (void)state;
    char text[6000] = "";
    memset(text, 'x', sizeof(text) - 1);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    for (int i = 0; i < 50; i++)
        log_write(LOG_INFO, text, NULL, 0);
    assert_int_equal(lines_in(written()), 0); /* the first line's beginning */
    log_write(LOG_INFO, "awake", NULL, 0);
    char *line = written();
    assert_int_equal(*line, '\n'); /* ends the torn one */
    assert_string_equal(after_time(line + 1), "\"level\":\"info\",\"message\":\"awake\"}\n");
    log_write(LOG_INFO, "again", NULL, 0);
    assert_string_equal(after_time(written()), "\"level\":\"info\",\"message\":\"again\"}\n");
}

static void a_reader_that_left_costs_nothing(void **state) {
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    close(ends[0]);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    for (int i = 0; i < 100; i++)
        log_write(LOG_ERROR, "nobody", NULL, 0);
    sigaction(SIGPIPE, &before, NULL);
    close(ends[1]);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    log_open(LOG_JSON, LOG_INFO, ends[1]);
    log_write(LOG_INFO, "somebody", NULL, 0);
    assert_string_equal(after_time(written()), "\"level\":\"info\",\"message\":\"somebody\"}\n");
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(json_holds_every_kind),
        log_test(reals_are_short_and_valid),
        log_test(json_is_valid_whatever_bytes_come),
        log_test(readable_lines_quote_what_needs_it),
        log_test(readable_lines_never_command_the_terminal),
        log_test(colour_is_for_terminals_alone),
        log_test(lines_carry_their_generation),
        log_test(a_thread_without_one_has_the_default),
        log_test(lower_levels_are_dropped),
        log_test(held_lines_leave_together),
        log_test(holding_has_a_limit),
        log_test(a_thread_that_ends_leaves_nothing_behind),
        log_test(logging_keeps_errno),
        log_test(threads_do_not_mix_their_lines),
        log_test(a_sleeping_reader_costs_lines_not_the_process),
        log_test(a_reader_that_left_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
