/* exposition.c -- one line a sample. */

#include "exposition.h"
#include "text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_BOUNDS 32

void exposition_family(struct buf *ret, const char *name, enum exposition_kind kind, const char *help) {
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    buf_addf(ret, "# HELP %s ", name);
    for (; *help; help++)
        if (*help == '\\')
            buf_add_str(ret, "\\\\");
        else if (*help == '\n')
            buf_add_str(ret, "\\n");
        else
            buf_add_char(ret, *help);
    buf_addf(ret, "\n# TYPE %s %s\n", name, kinds[kind]);
}

static void add_value(struct buf *ret, const char *text) {
    for (size_t len = strlen(text), step; len > 0; len -= step, text += step) {
        step = text_utf8_step(text, len);
        if (step == 0) {
            buf_add_str(ret, TEXT_REPLACEMENT);
            step = 1;
        } else if (*text == '\n') {
            buf_add_str(ret, "\\n");
        } else {
            if (*text == '"' || *text == '\\') buf_add_char(ret, '\\');
            buf_add(ret, text, step);
        }
    }
}

/* `more`: a label that is written already, or NULL. */
static void add_labels(struct buf *ret, struct exposition_labels labels, const char *more) {
    if (labels.count == 0 && !more) return;
    buf_add_char(ret, '{');
    for (size_t i = 0; i < labels.count; i++) {
        buf_addf(ret, "%s%s=\"", i ? "," : "", labels.list[i].name);
        add_value(ret, labels.list[i].value);
        buf_add_char(ret, '"');
    }
    if (more) buf_addf(ret, "%s%s", labels.count ? "," : "", more);
    buf_add_char(ret, '}');
}

void exposition_integer(struct buf *ret, const char *name, struct exposition_labels labels, uint64_t value) {
    buf_add_str(ret, name);
    add_labels(ret, labels, NULL);
    buf_addf(ret, " %llu\n", (unsigned long long)value);
}

/* As few digits as say it: 0.1 and not 0.10000000000000001. */
static void print_real(char *ret, size_t size, double value) {
    if (isnan(value) || isinf(value)) {
        snprintf(ret, size, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double again = 0;
        snprintf(ret, size, "%.*g", digits, value);
        if (sscanf(ret, "%lf", &again) == 1 && again >= value && again <= value) return;
    }
}

void exposition_real(struct buf *ret, const char *name, struct exposition_labels labels, double value) {
    char text[40];
    print_real(text, sizeof text, value);
    buf_add_str(ret, name);
    add_labels(ret, labels, NULL);
    buf_addf(ret, " %s\n", text);
}

static void add_bucket(struct buf *ret, const char *name, struct exposition_labels labels, double bound,
                       double below) {
    char number[40], label[60];
    print_real(number, sizeof number, bound);
    snprintf(label, sizeof label, "le=\"%s\"", number);
    buf_addf(ret, "%s_bucket", name);
    add_labels(ret, labels, label);
    buf_addf(ret, " %.17g\n", below);
}

void exposition_histogram(struct buf *ret, const char *name, struct exposition_labels labels,
                          const double *bounds, size_t count, const double *within, double sum) {
    char text[160];
    double below = 0;
    for (size_t i = 0; i <= count; i++) {
        below += within[i];
        add_bucket(ret, name, labels, i < count ? bounds[i] : (double)INFINITY, below);
    }
    snprintf(text, sizeof text, "%s_sum", name);
    exposition_real(ret, text, labels, sum);
    snprintf(text, sizeof text, "%s_count", name);
    exposition_real(ret, text, labels, below);
}

void exposition_spread(struct buf *ret, const char *name, struct exposition_labels labels,
                       const struct meter_scale *scale, const struct meter_sums *sums, double unit) {
    double bounds[MOST_BOUNDS], within[MOST_BOUNDS + 1];
    for (size_t i = 0; i <= scale->count; i++) {
        if (i < scale->count) bounds[i] = (double)scale->bounds[i] / unit;
        within[i] = (double)sums->within[i];
    }
    exposition_histogram(ret, name, labels, bounds, scale->count, within, (double)sums->sum / unit);
}
