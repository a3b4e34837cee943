/* query.c -- a query file: refused with its line, or a statement whose parameters are all declared. */

#include "../../core/services/db/query.h"
#include "fuzz.h"

static void check(const struct query *query) {
    size_t len = strlen(query->text);
    REQUIRE(len > 0, "an empty statement");
    REQUIRE(query->param_count <= QUERY_MAX_PARAMS, "%zu parameters", query->param_count);
    REQUIRE(query->key >= -1 && query->key < (int)query->param_count, "key %d", query->key);
    for (size_t i = 0; i < query->param_count; i++)
        REQUIRE(query->params[i].name[0] && query->params[i].type != TYPE_OTHER, "parameter %zu", i);
    REQUIRE(query->class == QUERY_BATCH || (query->key < 0 && !query->slot), "key or slot without a batch");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct query *query = NULL;
    struct err err = {0};
    char *text = malloc(size ? size : 1); /* no NUL at its end: nobody promised one */
    REQUIRE(text, "memory");
    if (size) memcpy(text, data, size);
    if (query_parse(&query, "q", "q.sql", text, size, &err) == ERR_OK)
        check(query);
    else
        REQUIRE(!query && strncmp(err.text, "q.sql:", 6) == 0, "refused without a line: %s", err.text);
    query_free(query);
    free(text);
    return 0;
}
