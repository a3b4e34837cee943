/* metrics.c -- families, series and slots only ever grow, and each is whole before it is shown; so they are
 * read without a lock, and the lock is for those who add.
 *
 * A series has its slots at the same place in the block of each worker. Gauges use a block that is nobody's.
 * The series of a family that takes what does not fit ("other") is made with the family. */

#include "metrics.h"
#include "../base/exposition.h"
#include "../base/text.h"
#include "metrics_check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS      4096
#define PLACES     2048                 /* a power of two, and more than there are series */
#define MOST_HELPS 32                   /* of a family, while the process lives */
#define WIDEST     (METRICS_BOUNDS + 2) /* slots of a series */
#define KEY_BYTES  (METRICS_LABELS * (METRICS_MOST_VALUE + 1))

struct help {
    struct help *next;
    char text[METRICS_MOST_HELP + 1];
};

struct family {
    struct metrics_form form;    /* with texts of its own; `help` is not used */
    _Atomic(struct help *) help; /* the one that is shown */
    struct help *helps;          /* all that were, as somebody may be reading them; under the lock */
    atomic_uint latest;          /* the latest generation that declared it */
    unsigned before;             /* the one before that; 0: none. Under the lock */
    bool dropped;                /* no generation that was served has it: its name is free. Under the lock */
    size_t series;               /* under the lock */
    unsigned overflow;           /* the series "other"; of a family without labels its only one */
    char texts[METRICS_LABELS + 1][METRICS_MOST_NAME + 1];
};

struct series {
    unsigned family;
    size_t first; /* slot */
    size_t len;
    atomic_bool seen;    /* it was counted in */
    char key[KEY_BYTES]; /* the labels' values, each with its NUL */
};

struct metrics_writer {
    struct metrics *metrics;
    _Atomic double slots[SLOTS];
};

struct metrics {
    pthread_mutex_t lock; /* of whoever adds */
    struct family families[METRICS_FAMILIES];
    struct series series[METRICS_SERIES];
    atomic_uint family_count, series_count;
    _Atomic uint16_t places[PLACES]; /* of series by their key: number and 1; 0: free */
    size_t slot_count;
    struct metrics_writer *gauges;
    size_t writer_count;
    struct metrics_writer *writers[];
};

/* ---- life ---- */

static struct metrics_writer *writer_new(struct metrics *metrics) {
    struct metrics_writer *writer = calloc(1, sizeof *writer); /* pages that nobody needs are not there */
    if (writer) writer->metrics = metrics;
    return writer;
}

enum err_code metrics_new(struct metrics **ret, size_t writers, struct err *err) {
    struct metrics *metrics = calloc(1, sizeof *metrics + writers * sizeof(struct metrics_writer *));
    if (!metrics) return err_set(err, ERR_NO_MEMORY, "no memory for metrics");
    pthread_mutex_init(&metrics->lock, NULL);
    bool fine = (metrics->gauges = writer_new(metrics)) != NULL;
    for (; fine && metrics->writer_count < writers; metrics->writer_count++)
        fine = (metrics->writers[metrics->writer_count] = writer_new(metrics)) != NULL;
    if (!fine) {
        metrics_free(metrics);
        return err_set(err, ERR_NO_MEMORY, "no memory for metrics");
    }
    *ret = metrics;
    return ERR_OK;
}

static void free_helps(struct help *help) {
    while (help) {
        struct help *next = help->next;
        free(help);
        help = next;
    }
}

void metrics_free(struct metrics *metrics) {
    if (!metrics) return;
    for (size_t i = 0; i < METRICS_FAMILIES; i++)
        free_helps(metrics->families[i].helps);
    for (size_t i = 0; i < metrics->writer_count; i++)
        free(metrics->writers[i]);
    free(metrics->gauges);
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

struct metrics_writer *metrics_writer(struct metrics *metrics, size_t number) {
    return number < metrics->writer_count ? metrics->writers[number] : NULL;
}

/* ---- series ---- */

static size_t width(const struct metrics_form *form) {
    return form->kind == METRICS_HISTOGRAM ? form->bound_count + 2 : 1;
}

static uint64_t hash(unsigned family, const char *key, size_t len) {
    uint64_t sum = (14695981039346656037u ^ family) * 1099511628211u;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)key[i]) * 1099511628211u;
    return sum ^ sum >> 29;
}

/* The series, or NULL; then *ret_place is where it would stand. */
static struct series *find(struct metrics *metrics, unsigned family, const char *key, size_t len,
                           size_t *ret_place) {
    for (uint64_t place = hash(family, key, len);; place++) {
        *ret_place = place & (PLACES - 1);
        unsigned number = atomic_load_explicit(&metrics->places[*ret_place], memory_order_acquire);
        if (number == 0) return NULL;
        struct series *series = &metrics->series[number - 1];
        if (series->family == family && series->len == len && memcmp(series->key, key, len) == 0)
            return series;
    }
}

/* Whatever was counted, each family that is still to come has room for one series. */
static bool has_room(const struct metrics *metrics, const struct family *family, bool first) {
    size_t count = atomic_load(&metrics->series_count), slots = metrics->slot_count + width(&family->form);
    size_t to_come = first ? 0 : METRICS_FAMILIES - atomic_load(&metrics->family_count);
    return count + to_come < METRICS_SERIES && slots + to_come * WIDEST <= SLOTS;
}

/* Under the lock; NULL: there is no room. `first`: of the family. */
static struct series *add_series(struct metrics *metrics, unsigned number, const char *key, size_t len,
                                 size_t place, bool first) {
    struct family *family = &metrics->families[number];
    unsigned count = atomic_load(&metrics->series_count);
    if (!has_room(metrics, family, first)) return NULL;
    struct series *series = &metrics->series[count];
    series->family = number;
    series->first = metrics->slot_count;
    series->len = len;
    memcpy(series->key, key, len);
    metrics->slot_count += width(&family->form);
    family->series++;
    atomic_store_explicit(&metrics->series_count, count + 1, memory_order_release);
    atomic_store_explicit(&metrics->places[place], (uint16_t)(count + 1), memory_order_release);
    return series;
}

/* What does not fit goes where all of that goes. */
static struct series *make_series(struct metrics *metrics, unsigned number, const char *key, size_t len) {
    size_t place;
    struct family *family = &metrics->families[number];
    pthread_mutex_lock(&metrics->lock);
    struct series *series = find(metrics, number, key, len, &place);
    if (!series && family->series < METRICS_A_FAMILY)
        series = add_series(metrics, number, key, len, place, false);
    pthread_mutex_unlock(&metrics->lock);
    return series ? series : &metrics->series[family->overflow];
}

/* Cut before the character that would be too much. */
static size_t value_len(const char *value) {
    size_t len = 0;
    while (len < METRICS_MOST_VALUE && value[len]) {
        size_t step = text_utf8_step(value + len, strnlen(value + len, 4));
        if (step == 0) step = 1;
        if (len + step > METRICS_MOST_VALUE) break;
        len += step;
    }
    return len;
}

static struct series *series_of(struct metrics *metrics, unsigned number, const char *const *values) {
    char key[KEY_BYTES];
    size_t len = 0, place;
    const struct family *family = &metrics->families[number];
    for (size_t i = 0; i < family->form.label_count; i++) {
        size_t part = value_len(values[i]);
        memcpy(key + len, values[i], part);
        key[len + part] = '\0';
        len += part + 1;
    }
    struct series *series = find(metrics, number, key, len, &place);
    return series ? series : make_series(metrics, number, key, len);
}

/* ---- declaring ---- */

/* Of a name one family at most is not dropped. */
static unsigned find_family(const struct metrics *metrics, const struct metrics_form *form) {
    unsigned count = atomic_load(&metrics->family_count), found = count;
    for (unsigned i = 0; i < count; i++) {
        const struct family *family = &metrics->families[i];
        if (strcmp(family->form.name, form->name) != 0) continue;
        if (!family->dropped) return i;
        if (metrics_same(&family->form, form)) found = i;
    }
    return found;
}

static struct help *find_help(const struct family *family, const char *text, size_t *ret_count) {
    struct help *help = family->helps;
    for (*ret_count = 0; help && strcmp(help->text, text) != 0; ++*ret_count)
        help = help->next;
    return help;
}

/* Beyond so many other words its help stays as it is. */
static bool set_help(struct family *family, const char *text) {
    size_t count;
    struct help *help = find_help(family, text, &count);
    if (!help && count == MOST_HELPS) return true;
    if (!help) {
        if (!(help = malloc(sizeof *help))) return false;
        help->next = family->helps;
        family->helps = help;
        strcpy(help->text, text);
    }
    atomic_store_explicit(&family->help, help, memory_order_release);
    return true;
}

static void copy_form(struct family *family, const struct metrics_form *form) {
    family->form = *form;
    family->form.help = NULL;
    strcpy(family->texts[0], form->name);
    family->form.name = family->texts[0];
    for (size_t i = 0; i < form->label_count; i++) {
        strcpy(family->texts[i + 1], form->labels[i]);
        family->form.labels[i] = family->texts[i + 1];
    }
}

static enum err_code no_room(const struct metrics_form *form, struct err *err) {
    return err_set(err, ERR_LIMIT,
                   "%s: a process knows %d metrics and %d series of scripts, until it is started anew",
                   form->name, METRICS_FAMILIES, METRICS_SERIES);
}

/* Without labels it is there from the beginning, as 0; but a gauge that nobody has set says nothing. */
static enum err_code add_family(struct metrics *metrics, unsigned number, const struct metrics_form *form,
                                struct err *err) {
    static const char others[] = "other\0other\0other\0other";
    struct family *family = &metrics->families[number];
    size_t place, len = form->label_count * sizeof "other";
    if (number == METRICS_FAMILIES) return no_room(form, err);
    copy_form(family, form);
    if (!set_help(family, form->help)) return err_set(err, ERR_NO_MEMORY, "no memory for %s", form->name);
    find(metrics, number, others, len, &place);
    struct series *series = add_series(metrics, number, others, len, place, true);
    if (!series) return no_room(form, err);
    family->overflow = (unsigned)(series - metrics->series);
    family->series = 0; /* that one is beside the others */
    atomic_store(&series->seen, form->label_count == 0 && form->kind != METRICS_GAUGE);
    atomic_store_explicit(&metrics->family_count, number + 1, memory_order_release);
    return ERR_OK;
}

static enum err_code declare(struct metrics *metrics, const struct metrics_form *form, unsigned number,
                             struct err *err) {
    struct family *family = &metrics->families[number];
    if (number == atomic_load(&metrics->family_count)) return add_family(metrics, number, form, err);
    if (!metrics_same(&family->form, form))
        return err_set(err, ERR_EXISTS,
                       "%s stands already for a metric of another kind, or with other labels or bounds: give "
                       "this one another name, or start the server anew",
                       form->name);
    if (!set_help(family, form->help)) return err_set(err, ERR_NO_MEMORY, "no memory for %s", form->name);
    return ERR_OK;
}

static void note_declared(struct family *family, unsigned generation) {
    unsigned latest = atomic_load(&family->latest);
    family->dropped = false;
    if (latest >= generation) return;
    family->before = latest;
    atomic_store(&family->latest, generation);
}

enum err_code metrics_declare(struct metrics *metrics, const struct metrics_form *form, unsigned generation,
                              unsigned *ret_family, struct err *err) {
    enum err_code code = metrics_check(form, err);
    if (code != ERR_OK) return code;
    pthread_mutex_lock(&metrics->lock);
    unsigned number = find_family(metrics, form);
    code = declare(metrics, form, number, err);
    if (code == ERR_OK) note_declared(&metrics->families[number], generation);
    pthread_mutex_unlock(&metrics->lock);
    if (code == ERR_OK) *ret_family = number;
    return code;
}

void metrics_take_back(struct metrics *metrics, unsigned generation) {
    if (!metrics) return;
    pthread_mutex_lock(&metrics->lock);
    for (unsigned i = 0; i < atomic_load(&metrics->family_count); i++) {
        struct family *family = &metrics->families[i];
        if (atomic_load(&family->latest) != generation) continue;
        atomic_store(&family->latest, family->before);
        family->dropped = family->before == 0;
    }
    pthread_mutex_unlock(&metrics->lock);
}

const struct metrics_form *metrics_form(const struct metrics *metrics, unsigned family) {
    unsigned count = atomic_load_explicit(&metrics->family_count, memory_order_acquire);
    return family < count ? &metrics->families[family].form : NULL;
}

/* ---- counting ---- */

static double get(const struct metrics_writer *writer, size_t slot) {
    return atomic_load_explicit(&writer->slots[slot], memory_order_relaxed);
}

static void put(struct metrics_writer *writer, size_t slot, double value) {
    atomic_store_explicit(&writer->slots[slot], value, memory_order_relaxed);
}

static void raise_by(struct metrics_writer *writer, size_t slot, double value) {
    put(writer, slot, get(writer, slot) + value);
}

/* Of several threads. */
static void change_gauge(struct metrics_writer *gauges, size_t slot, double value) {
    double before = get(gauges, slot);
    while (!atomic_compare_exchange_weak_explicit(&gauges->slots[slot], &before, before + value,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void see(struct series *series) {
    if (!atomic_load_explicit(&series->seen, memory_order_relaxed))
        atomic_store_explicit(&series->seen, true, memory_order_release);
}

void metrics_add(struct metrics_writer *writer, unsigned family, const char *const *values, double value) {
    struct metrics *metrics = writer->metrics;
    const struct metrics_form *form = &metrics->families[family].form;
    struct series *series = series_of(metrics, family, values);
    size_t place = 0;
    switch (form->kind) {
    case METRICS_COUNTER: raise_by(writer, series->first, value); break;
    case METRICS_GAUGE: change_gauge(metrics->gauges, series->first, value); break;
    case METRICS_HISTOGRAM:
        while (place < form->bound_count && value > form->bounds[place])
            place++;
        raise_by(writer, series->first + place, 1);
        raise_by(writer, series->first + form->bound_count + 1, value);
        break;
    }
    see(series);
}

void metrics_set(struct metrics_writer *writer, unsigned family, const char *const *values, double value) {
    struct metrics *metrics = writer->metrics;
    struct series *series = series_of(metrics, family, values);
    put(metrics->gauges, series->first, value);
    see(series);
}

/* ---- reading ---- */

static void write_series(const struct metrics *metrics, const struct metrics_form *form,
                         const struct series *series, struct buf *ret) {
    struct exposition_label list[METRICS_LABELS];
    struct exposition_labels labels = {list, form->label_count};
    double sums[METRICS_BOUNDS + 2] = {0};
    const char *value = series->key;
    for (size_t i = 0; i < form->label_count; i++, value += strlen(value) + 1)
        list[i] = (struct exposition_label){form->labels[i], value};
    if (form->kind == METRICS_GAUGE) sums[0] = get(metrics->gauges, series->first);
    for (size_t i = 0; i < metrics->writer_count && form->kind != METRICS_GAUGE; i++)
        for (size_t slot = 0; slot < width(form); slot++)
            sums[slot] += get(metrics->writers[i], series->first + slot);
    if (form->kind == METRICS_HISTOGRAM)
        exposition_histogram(ret, form->name, labels, form->bounds, form->bound_count, sums,
                             sums[form->bound_count + 1]);
    else
        exposition_real(ret, form->name, labels, sums[0]);
}

/* A family of which nothing was counted yet is only named. */
static void write_family(const struct metrics *metrics, unsigned number, struct buf *ret) {
    static const enum exposition_kind kinds[] = {[METRICS_COUNTER] = EXPOSITION_COUNTER,
                                                 [METRICS_GAUGE] = EXPOSITION_GAUGE,
                                                 [METRICS_HISTOGRAM] = EXPOSITION_HISTOGRAM};
    const struct family *family = &metrics->families[number];
    const struct help *help = atomic_load_explicit(&family->help, memory_order_acquire);
    unsigned count = atomic_load_explicit(&metrics->series_count, memory_order_acquire);
    exposition_family(ret, family->form.name, kinds[family->form.kind], help->text);
    for (unsigned i = 0; i < count; i++) {
        const struct series *series = &metrics->series[i];
        if (series->family == number && atomic_load_explicit(&series->seen, memory_order_acquire))
            write_series(metrics, &family->form, series, ret);
    }
}

void metrics_write(const struct metrics *metrics, unsigned generation, struct buf *ret) {
    unsigned count = atomic_load_explicit(&metrics->family_count, memory_order_acquire);
    for (unsigned i = 0; i < count; i++)
        if (atomic_load(&metrics->families[i].latest) >= generation) write_family(metrics, i, ret);
}
