/* The metrics of scripts: what may be declared, how it is counted, and that all of it is bounded. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/services/metrics.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct metrics *metrics;
static struct buf text;

static int set_up(void **state) {
    (void)state;
    return metrics_new(&metrics, 2, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    metrics_free(metrics);
    buf_done(&text);
    return 0;
}

static const char *page(unsigned generation) {
    buf_clear(&text);
    metrics_write(metrics, generation, &text);
    return text.len ? text.data : "";
}

static unsigned declare(struct metrics_form form, unsigned generation) {
    unsigned number = 0;
    struct err err = {0};
    if (metrics_declare(metrics, &form, generation, &number, &err) != ERR_OK) fail_msg("%s", err.text);
    return number;
}

static struct metrics_form counter(const char *name) {
    return (struct metrics_form){.kind = METRICS_COUNTER, .name = name, .help = "Help."};
}

static void add(size_t writer, unsigned family, const char *value, double by) {
    metrics_add(metrics_writer(metrics, writer), family, &value, by);
}

static void test_counts_of_all_workers_add_up(void **state) {
    struct metrics_form form = counter("tries_total");
    (void)state;
    form.labels[form.label_count++] = "result";
    unsigned family = declare(form, 1);
    assert_string_equal(page(1), "# HELP tries_total Help.\n# TYPE tries_total counter\n");
    add(0, family, "good", 1);
    add(1, family, "good", 2);
    add(1, family, "bad", 0.5);
    assert_string_equal(page(1), "# HELP tries_total Help.\n# TYPE tries_total counter\n"
                                 "tries_total{result=\"good\"} 3\ntries_total{result=\"bad\"} 0.5\n");
}

/* What is shown may be being read, so it stays: then there must be an end of it. */
static void test_words_of_help_are_bounded(void **state) {
    struct metrics_form form = counter("edits_total");
    char help[32];
    (void)state;
    form.help = help;
    for (int i = 0; i < 1000; i++) {
        snprintf(help, sizeof help, "Edit %d.", i);
        declare(form, 1);
        if (i < 32) assert_non_null(strstr(page(1), help));
    }
    assert_non_null(strstr(page(1), "# HELP edits_total Edit 31.\n"));
    form.help = "Edit 5.";
    declare(form, 2);
    assert_non_null(strstr(page(2), "# HELP edits_total Edit 5.\n"));
}

/* Who tries and is refused, or only asks, has changed nothing. */
static void test_what_is_not_served_has_declared_nothing(void **state) {
    struct metrics_form steps = counter("steps_total"), slips = counter("slips_total");
    unsigned number = 0;
    (void)state;
    declare(steps, 1);
    slips.labels[slips.label_count++] = "by";
    unsigned slip = declare(slips, 2);
    declare(steps, 2);
    metrics_take_back(metrics, 2);
    assert_null(strstr(page(1), "slips_total"));
    assert_non_null(strstr(page(1), "\nsteps_total 0\n"));
    assert_int_equal(declare(slips, 2), slip); /* the same again costs no place */
    metrics_take_back(metrics, 2);

    declare(counter("slips_total"), 2); /* without the label */
    assert_non_null(strstr(page(2), "\nslips_total 0\n"));
    assert_null(strstr(page(2), "steps_total"));
    declare(counter("slips_total"), 3);
    metrics_take_back(metrics, 3);
    assert_non_null(strstr(page(2), "\nslips_total 0\n"));
    assert_int_equal(metrics_declare(metrics, &slips, 4, &number, NULL), ERR_EXISTS);
}

static void test_without_labels_a_counter_is_there_and_a_gauge_when_it_is_set(void **state) {
    struct metrics_form gauge = {.kind = METRICS_GAUGE, .name = "depth_meters", .help = "Depth."};
    (void)state;
    declare(counter("steps_total"), 1);
    unsigned family = declare(gauge, 1);
    assert_non_null(strstr(page(1), "\nsteps_total 0\n"));
    assert_null(strstr(page(1), "\ndepth_meters "));
    metrics_set(metrics_writer(metrics, 0), family, NULL, 7);
    metrics_add(metrics_writer(metrics, 1), family, NULL, -9.5);
    assert_non_null(strstr(page(1), "\ndepth_meters -2.5\n"));
    metrics_set(metrics_writer(metrics, 1), family, NULL, 1);
    assert_non_null(strstr(page(1), "\ndepth_meters 1\n"));
}

static void test_a_histogram_of_two_workers(void **state) {
    struct metrics_form form = {.kind = METRICS_HISTOGRAM,
                                .name = "size_bytes",
                                .help = "Sizes.",
                                .bounds = {1, 10},
                                .bound_count = 2};
    (void)state;
    unsigned family = declare(form, 1);
    metrics_add(metrics_writer(metrics, 0), family, NULL, 10);
    metrics_add(metrics_writer(metrics, 1), family, NULL, 0.5);
    metrics_add(metrics_writer(metrics, 1), family, NULL, 11);
    assert_string_equal(page(1),
                        "# HELP size_bytes Sizes.\n# TYPE size_bytes histogram\n"
                        "size_bytes_bucket{le=\"1\"} 1\nsize_bytes_bucket{le=\"10\"} 2\n"
                        "size_bytes_bucket{le=\"+Inf\"} 3\nsize_bytes_sum 21.5\nsize_bytes_count 3\n");
}

static void test_a_generation_declares_anew_and_goes_on(void **state) {
    struct metrics_form better = counter("laps_total");
    (void)state;
    better.help = "Better help.";
    unsigned family = declare(counter("laps_total"), 1);
    metrics_add(metrics_writer(metrics, 0), family, NULL, 3);
    assert_int_equal(declare(better, 2), family);
    metrics_add(metrics_writer(metrics, 0), family, NULL, 1);
    assert_string_equal(page(2), "# HELP laps_total Better help.\n# TYPE laps_total counter\nlaps_total 4\n");
    assert_string_equal(page(3), ""); /* which has not declared it */
    declare(counter("laps_total"), 4);
    assert_non_null(strstr(page(4), "laps_total 4\n"));
}

static void refused(struct metrics_form form, enum err_code code, const char *words) {
    struct err err = {0};
    unsigned number;
    assert_int_equal(metrics_declare(metrics, &form, 1, &number, &err), code);
    if (!strstr(err.text, words)) fail_msg("\"%s\" says nothing of \"%s\"", err.text, words);
}

static void test_what_is_no_metric_is_refused(void **state) {
    static const char *const names[] = {"", "1_total", "A_total", "a-b_total", "_a_total", "a b_total"};
    char long_name[METRICS_MOST_NAME + 10] = "a", long_help[METRICS_MOST_HELP + 2];
    struct metrics_form form;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        refused(counter(names[i]), ERR_INVALID, "is no name for a metric");
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    refused(counter(long_name), ERR_INVALID, "is no name for a metric");
    refused(counter("http_tries_total"), ERR_INVALID, "names that begin with http_ are the core's own");
    refused(counter("script_x_total"), ERR_INVALID, "are the core's own");
    refused(counter("tries"), ERR_INVALID, "ends in _total");
    form = counter("tries_total"), form.kind = METRICS_GAUGE;
    refused(form, ERR_INVALID, "only a counter may end in _total");
    form.name = "tries_bucket";
    refused(form, ERR_INVALID, "_bucket");
    form = counter("tries_total"), form.help = "";
    refused(form, ERR_INVALID, "its help is a sentence");
    memset(long_help, 'a', sizeof long_help - 1);
    long_help[sizeof long_help - 1] = '\0';
    form.help = long_help;
    refused(form, ERR_INVALID, "its help is a sentence");
    form.help = "\xff";
    refused(form, ERR_INVALID, "its help is a sentence");
}

static void test_labels_and_bounds_are_looked_at(void **state) {
    struct metrics_form form = counter("tries_total");
    (void)state;
    form.labels[0] = "le", form.label_count = 1;
    refused(form, ERR_INVALID, "is no name for a label");
    form.labels[0] = "Result";
    refused(form, ERR_INVALID, "is no name for a label");
    form.labels[0] = form.labels[1] = "a", form.label_count = 2;
    refused(form, ERR_INVALID, "two labels are called a");
    form = counter("tries_total"), form.bound_count = 1;
    refused(form, ERR_INVALID, "a histogram, and nothing else");
    form = (struct metrics_form){.kind = METRICS_HISTOGRAM, .name = "a", .help = "b"};
    refused(form, ERR_INVALID, "has 1 to 16 bounds");
    form.bounds[0] = form.bounds[1] = 1, form.bound_count = 2;
    refused(form, ERR_INVALID, "numbers that rise");
    declare(counter("laps_total"), 1);
    form = counter("laps_total"), form.labels[0] = "a", form.label_count = 1;
    refused(form, ERR_EXISTS, "stands already for a metric of another kind");
}

/* What a label says may come from anywhere. */
static void test_labels_are_cut_and_bounded(void **state) {
    struct metrics_form form = counter("tries_total");
    char value[200];
    (void)state;
    form.labels[form.label_count++] = "name";
    unsigned family = declare(form, 1);
    memset(value, 'x', sizeof value);
    memcpy(value + METRICS_MOST_VALUE - 1, "\xe2\x82\xac", 4); /* of which one byte would fit */
    add(0, family, value, 1);
    memset(value, 'x', METRICS_MOST_VALUE);
    snprintf(value + METRICS_MOST_VALUE, 20, "%s", "and more");
    add(0, family, value, 1);
    add(0, family, "", 1);
    page(1);
    assert_null(strstr(text.data, "\xe2"));
    assert_non_null(strstr(text.data, "name=\"\"} 1\n"));
    assert_non_null(strstr(text.data, "x\"} 1\n"));
    for (int i = 0; i < 3 * METRICS_A_FAMILY; i++) {
        snprintf(value, sizeof value, "v%d", i);
        add((size_t)i % 2, family, value, 1);
    }
    page(1);
    assert_non_null(strstr(text.data, "name=\"v0\"} 1\n"));
    char others[64];
    snprintf(others, sizeof others, "name=\"other\"} %d\n", 2 * METRICS_A_FAMILY + 3);
    assert_non_null(strstr(text.data, others));
}

static void test_families_are_bounded(void **state) {
    char name[32];
    (void)state;
    for (int i = 0; i < METRICS_FAMILIES; i++) {
        snprintf(name, sizeof name, "family%d_total", i);
        declare(counter(name), 1);
    }
    refused(counter("one_more_total"), ERR_LIMIT, "until it is started anew");
    declare(counter("family0_total"), 2);
    assert_null(metrics_form(metrics, METRICS_FAMILIES));
    assert_string_equal(metrics_form(metrics, 3)->name, "family3_total");
}

static void test_series_of_all_are_bounded(void **state) {
    char name[32], value[32];
    unsigned families[16];
    (void)state;
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "wide%d_total", i);
        struct metrics_form form = counter(name);
        form.labels[form.label_count++] = "v";
        families[i] = declare(form, 1);
        for (int j = 0; j < 100; j++) {
            snprintf(value, sizeof value, "%d", j);
            add(0, families[i], value, 1);
        }
    }
    page(1);
    assert_non_null(strstr(text.data, "wide0_total{v=\"99\"} 1\n"));
    assert_non_null(strstr(text.data, "wide15_total{v=\"other\"} 100\n"));
}

#define TIMES 20000

static void *count(void *writer) {
    for (int i = 0; i < TIMES; i++) {
        char name[8];
        const char *value = name;
        snprintf(name, sizeof name, "%d", i % 50);
        metrics_add(writer, 0, &value, 1);
    }
    return NULL;
}

static void test_two_count_while_one_reads(void **state) {
    struct metrics_form form = counter("tries_total");
    pthread_t threads[2];
    (void)state;
    form.labels[form.label_count++] = "v";
    assert_int_equal(declare(form, 1), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, metrics_writer(metrics, i)), 0);
    for (int i = 0; i < 50; i++)
        page(1);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    page(1);
    for (int i = 0; i < 50; i++) {
        char line[40];
        snprintf(line, sizeof line, "tries_total{v=\"%d\"} %d\n", i, 2 * TIMES / 50);
        if (!strstr(text.data, line)) fail_msg("no %s", line);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_counts_of_all_workers_add_up),
        TEST(test_words_of_help_are_bounded),
        TEST(test_what_is_not_served_has_declared_nothing),
        TEST(test_without_labels_a_counter_is_there_and_a_gauge_when_it_is_set),
        TEST(test_a_histogram_of_two_workers),
        TEST(test_a_generation_declares_anew_and_goes_on),
        TEST(test_what_is_no_metric_is_refused),
        TEST(test_labels_and_bounds_are_looked_at),
        TEST(test_labels_are_cut_and_bounded),
        TEST(test_families_are_bounded),
        TEST(test_series_of_all_are_bounded),
        TEST(test_two_count_while_one_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
