/* edition.c -- the first worker's generation finds what is wrong; the others are the same again. */

#include "edition.h"
#include "../base/clock.h"
#include "generation.h"
#include "observers.h"
#include "sources.h"
#include <stdlib.h>

/* What is held against a handler is held against it in all workers. */
static enum err_code share_quarantine(struct edition *edition, const struct edition_parts *parts,
                                      struct err *err) {
    size_t handlers = edition->count ? generation_handlers(edition->generations[0]) : 0;
    enum err_code code = quarantine_new(&edition->quarantine, handlers, parts->rest_ns, parts->pause_ns, err);
    for (size_t i = 0; i < edition->count; i++)
        edition->generations[i]->quarantine = edition->quarantine;
    return code;
}

static enum err_code fill(struct edition *edition, const struct edition_parts *parts, struct err *err) {
    enum err_code code = ERR_OK;
    struct generation_parts generation = {.snapshot = parts->sources->snapshot,
                                          .compiled = parts->sources->compiled,
                                          .queries = parts->sources->queries,
                                          .number = parts->number,
                                          .memory_limit = parts->memory_limit,
                                          .seat = parts->seat,
                                          .load_ns = parts->load_ns};
    for (size_t i = 0; i < parts->count && code == ERR_OK; i++) {
        generation.services = parts->services[i];
        code = generation_new(&edition->generations[i], &generation, err);
        if (code == ERR_OK)
            code = observers_new(&edition->generations[i]->observers, edition->generations[i], err);
    }
    return code;
}

enum err_code edition_new(struct edition **ret, const struct edition_parts *parts, struct err *err) {
    struct edition *edition = calloc(1, sizeof *edition + parts->count * sizeof(struct generation *));
    if (!edition) return err_set(err, ERR_NO_MEMORY, "out of memory");
    edition->number = parts->number;
    edition->sources = sources_hold(parts->sources);
    edition->by = parts->by;
    edition->at_ms = clock_wall_ms();
    edition->count = parts->count;
    enum err_code code = fill(edition, parts, err);
    if (code == ERR_OK) code = share_quarantine(edition, parts, err);
    if (code == ERR_OK)
        *ret = edition;
    else
        edition_free(edition);
    return code;
}

void edition_close(struct generation *generation) {
    if (!generation) return;
    observers_free(generation->observers);
    generation_free(generation);
}

void edition_free(struct edition *edition) {
    if (!edition) return;
    for (size_t i = 0; i < edition->count; i++)
        edition_close(edition->generations[i]);
    quarantine_free(edition->quarantine);
    sources_drop(edition->sources);
    free(edition);
}
