/* sources.c -- reads, compiles and names by its hash what an edition is made of. */

#include "sources.h"
#include "../bindings/place.h"
#include "../services/crypto.h"
#include "../services/db/query.h"
#include "../services/signature.h"
#include "../services/snapshot.h"
#include "compiled.h"
#include <stdlib.h>
#include <string.h>

/* Of both, so that a query alone makes a difference too. */
static void hash(struct sources *sources) {
    char both[2 * (SOURCES_HASH - 1) + 1];
    stpcpy(stpcpy(both, snapshot_hash(sources->snapshot)), query_set_hash(sources->queries));
    crypto_sha256_hex(sources->hash, both, sizeof both - 1);
}

struct reading {
    const char *folders[2]; /* scripts, queries */
    struct sources *sources;
};

static void drop_files(struct sources *sources) {
    query_set_free(sources->queries);
    snapshot_free(sources->snapshot);
    sources->queries = NULL;
    sources->snapshot = NULL;
}

static enum err_code read_files(void *ctx, struct err *err) {
    struct reading *reading = ctx;
    struct sources *sources = reading->sources;
    drop_files(sources);
    enum err_code code = query_set_load(&sources->queries, reading->folders[1], err);
    return code != ERR_OK ? code : snapshot_read(&sources->snapshot, reading->folders[0], err);
}

enum err_code sources_read(struct sources **ret, const char *scripts, const char *queries,
                           const struct sources *former, struct err *err) {
    enum err_code code;
    struct sources *sources = calloc(1, sizeof *sources);
    if (!sources) return err_set(err, ERR_NO_MEMORY, "out of memory");
    struct reading reading = {.folders = {scripts, queries}, .sources = sources};
    atomic_init(&sources->holders, 1);
    if ((code = signature_steady(reading.folders, 2, read_files, &reading, err)) != ERR_OK) goto out;
    if ((code = compiled_new(&sources->compiled, sources->snapshot, former ? former->compiled : NULL, err)) !=
        ERR_OK) {
        place_err(err, sources->snapshot);
        goto out;
    }
    hash(sources);
    *ret = sources;
    return ERR_OK;
out:
    sources_drop(sources);
    return code;
}

bool sources_same(const struct sources *a, const struct sources *b) {
    return strcmp(a->hash, b->hash) == 0 && snapshot_same(a->snapshot, b->snapshot);
}

struct sources *sources_hold(struct sources *sources) {
    atomic_fetch_add(&sources->holders, 1);
    return sources;
}

void sources_drop(struct sources *sources) {
    if (!sources || atomic_fetch_sub(&sources->holders, 1) > 1) return;
    compiled_free(sources->compiled);
    drop_files(sources);
    free(sources);
}
