/* call.c -- a call and its parameters are one block, as each is made and freed once and together. */

#include "call.h"
#include <stdlib.h>
#include <string.h>

static size_t params_size(const char *const *params, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        if (params[i]) size += strlen(params[i]) + 1;
    return size;
}

struct call *call_new(const struct query *query, const char *const *params, struct ticket who,
                      int64_t deadline_ns) {
    size_t count = query ? query->param_count : 0;
    struct call *call = malloc(sizeof *call + count * sizeof *params + params_size(params, count));
    if (!call) return NULL;
    *call = (struct call){.who = who, .query = query, .deadline_ns = deadline_ns};
    char *at = (char *)(call->params + count);
    for (size_t i = 0; i < count; i++) {
        call->params[i] = params[i] ? at : NULL;
        if (params[i]) at = stpcpy(at, params[i]) + 1;
    }
    if (query && query->class == QUERY_BATCH) call->key = key_of(query, call->params);
    return call;
}

void calls_push(struct calls *calls, struct call *call) {
    call->next = NULL;
    if (calls->tail)
        calls->tail->next = call;
    else
        calls->head = call;
    calls->tail = call;
    meter_add(&calls->count, 1);
}

void calls_push_front(struct calls *calls, struct call *call) {
    call->next = calls->head;
    calls->head = call;
    if (!calls->tail) calls->tail = call;
    meter_add(&calls->count, 1);
}

struct call *calls_pop(struct calls *calls) {
    return calls_pop_behind(calls, NULL);
}

struct call *calls_pop_behind(struct calls *calls, struct call *before) {
    struct call **at = before ? &before->next : &calls->head, *call = *at;
    if (!call) return NULL;
    *at = call->next;
    if (calls->tail == call) calls->tail = before;
    meter_subtract(&calls->count, 1);
    return call;
}

/* Field by field: the count may be read by others meanwhile. */
struct calls calls_take(struct calls *calls) {
    struct calls all = {.head = calls->head, .tail = calls->tail};
    meter_set(&all.count, meter_read(&calls->count));
    calls->head = calls->tail = NULL;
    meter_set(&calls->count, 0);
    return all;
}

void calls_drop(struct calls *calls) {
    struct call *call;
    while ((call = calls_pop(calls)))
        free(call);
}
