/* metrics_check.c -- names, labels and bounds: narrower than Prometheus would take them, and none that the
 * core might want for itself. */

#include "metrics_check.h"
#include "../base/text.h"
#include <math.h>
#include <string.h>

#define MOST_LABEL 40

static const char *const reserved[] = {"http_",   "db_",  "cache_",   "bus_",     "sse_",
                                       "script_", "jwt_", "process_", "plateia_", NULL};

static bool is_name(const char *name, size_t most) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyz",
                      more[] = "_0123456789abcdefghijklmnopqrstuvwxyz";
    size_t len = strnlen(name, most + 1);
    return len > 0 && len <= most && strchr(first, name[0]) && strspn(name, more) == len;
}

static bool ends_in(const char *name, const char *end) {
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static enum err_code check_name(const struct metrics_form *form, struct err *err) {
    const char *name = form->name;
    if (!is_name(name, METRICS_MOST_NAME))
        return err_set(err, ERR_INVALID,
                       "\"%.100s\" is no name for a metric: small letters, digits and _, a letter first, "
                       "at most %d",
                       name, METRICS_MOST_NAME);
    for (const char *const *prefix = reserved; *prefix; prefix++)
        if (strncmp(name, *prefix, strlen(*prefix)) == 0)
            return err_set(err, ERR_INVALID, "%s: names that begin with %s are the core's own", name,
                           *prefix);
    if (form->kind == METRICS_COUNTER && !ends_in(name, "_total"))
        return err_set(err, ERR_INVALID, "%s: a counter's name ends in _total", name);
    static const char *const endings[] = {"_total", "_count", "_sum", "_bucket"};
    for (size_t i = 0; i < 4 && form->kind != METRICS_COUNTER; i++)
        if (ends_in(name, endings[i]))
            return err_set(err, ERR_INVALID,
                           "%s: only a counter may end in _total, and none in _count, "
                           "_sum or _bucket",
                           name);
    return ERR_OK;
}

static enum err_code check_labels(const struct metrics_form *form, struct err *err) {
    if (form->label_count > METRICS_LABELS)
        return err_set(err, ERR_INVALID, "%s: a metric has at most %d labels", form->name, METRICS_LABELS);
    for (size_t i = 0; i < form->label_count; i++) {
        const char *label = form->labels[i];
        if (!is_name(label, MOST_LABEL) || strcmp(label, "le") == 0)
            return err_set(err, ERR_INVALID,
                           "%s: \"%.100s\" is no name for a label: small letters, digits and _, a letter "
                           "first, at most %d, and not le",
                           form->name, label, MOST_LABEL);
        for (size_t j = 0; j < i; j++)
            if (strcmp(form->labels[j], label) == 0)
                return err_set(err, ERR_INVALID, "%s: two labels are called %s", form->name, label);
    }
    return ERR_OK;
}

static enum err_code check_bounds(const struct metrics_form *form, struct err *err) {
    bool wanted = form->kind == METRICS_HISTOGRAM;
    if (wanted != (form->bound_count > 0) || form->bound_count > METRICS_BOUNDS)
        return err_set(err, ERR_INVALID, "%s: a histogram, and nothing else, has 1 to %d bounds", form->name,
                       METRICS_BOUNDS);
    for (size_t i = 0; i < form->bound_count; i++)
        if (!isfinite(form->bounds[i]) || (i > 0 && form->bounds[i] <= form->bounds[i - 1]))
            return err_set(err, ERR_INVALID, "%s: the bounds are numbers that rise", form->name);
    return ERR_OK;
}

enum err_code metrics_check(const struct metrics_form *form, struct err *err) {
    size_t help = strnlen(form->help, METRICS_MOST_HELP + 1);
    enum err_code code = check_name(form, err);
    if (code == ERR_OK && (help == 0 || help > METRICS_MOST_HELP || !text_is_utf8(form->help, help)))
        code = err_set(err, ERR_INVALID, "%s: its help is a sentence of up to %d bytes", form->name,
                       METRICS_MOST_HELP);
    if (code == ERR_OK) code = check_labels(form, err);
    if (code == ERR_OK) code = check_bounds(form, err);
    return code;
}

bool metrics_same(const struct metrics_form *a, const struct metrics_form *b) {
    if (a->kind != b->kind || a->label_count != b->label_count || a->bound_count != b->bound_count)
        return false;
    for (size_t i = 0; i < a->label_count; i++)
        if (strcmp(a->labels[i], b->labels[i]) != 0) return false;
    return memcmp(a->bounds, b->bounds, a->bound_count * sizeof *a->bounds) == 0;
}
