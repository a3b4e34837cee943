/* route_names.c -- a list that only grows: a place is filled before it is shown. */

#include "route_names.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const own[] = {"unmatched", "other", "assets", "observers"};

struct route_names {
    pthread_mutex_t lock; /* of whoever adds */
    size_t count;
    _Atomic(const char *) texts[ROUTE_NAMES];
};

enum err_code route_names_new(struct route_names **ret, struct err *err) {
    struct route_names *names = calloc(1, sizeof *names);
    if (!names) return err_set(err, ERR_NO_MEMORY, "no memory for the names of routes");
    pthread_mutex_init(&names->lock, NULL);
    for (; names->count < ROUTE_NAMES_OWN; names->count++)
        atomic_init(&names->texts[names->count], own[names->count]);
    *ret = names;
    return ERR_OK;
}

void route_names_free(struct route_names *names) {
    if (!names) return;
    for (size_t i = ROUTE_NAMES_OWN; i < names->count; i++)
        free((char *)atomic_load(&names->texts[i]));
    pthread_mutex_destroy(&names->lock);
    free(names);
}

static unsigned find(const struct route_names *names, const char *template) {
    for (size_t i = ROUTE_NAMES_OWN; i < names->count; i++)
        if (strcmp(atomic_load_explicit(&names->texts[i], memory_order_relaxed), template) == 0)
            return (unsigned)i;
    return ROUTE_OTHER;
}

static unsigned add(struct route_names *names, const char *template) {
    char *copy = names->count < ROUTE_NAMES ? strdup(template) : NULL;
    if (!copy) return ROUTE_OTHER;
    atomic_store_explicit(&names->texts[names->count], copy, memory_order_release);
    return (unsigned)names->count++;
}

unsigned route_names_number(struct route_names *names, const char *template) {
    if (!names) return ROUTE_OTHER;
    pthread_mutex_lock(&names->lock);
    unsigned number = find(names, template);
    if (number == ROUTE_OTHER) number = add(names, template);
    pthread_mutex_unlock(&names->lock);
    return number;
}

const char *route_names_text(const struct route_names *names, unsigned number) {
    const char *text = NULL;
    if (names && number < ROUTE_NAMES)
        text = atomic_load_explicit(&names->texts[number], memory_order_acquire);
    return text ? text : own[ROUTE_OTHER];
}
