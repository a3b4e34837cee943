/* edition.c -- the first worker's generation finds what is wrong; the others are the same again. */

#include "edition.h"
#include "../base/clock.h"
#include "generation.h"
#include "sources.h"
#include <stdlib.h>

static enum err_code fill(struct edition *edition, const struct edition_parts *parts, struct err *err) {
    enum err_code code = ERR_OK;
    struct generation_parts generation = {.snapshot = parts->sources->snapshot,
                                          .compiled = parts->sources->compiled,
                                          .queries = parts->sources->queries,
                                          .number = parts->number,
                                          .memory_limit = parts->memory_limit};
    for (size_t i = 0; i < parts->count && code == ERR_OK; i++) {
        generation.services = parts->services[i];
        code = generation_new(&edition->generations[i], &generation, err);
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
    if (code == ERR_OK)
        *ret = edition;
    else
        edition_free(edition);
    return code;
}

void edition_free(struct edition *edition) {
    if (!edition) return;
    for (size_t i = 0; i < edition->count; i++)
        generation_free(edition->generations[i]);
    sources_drop(edition->sources);
    free(edition);
}
