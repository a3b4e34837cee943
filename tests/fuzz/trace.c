/* trace.c -- a client's traceparent, then its tracestate on the next line: what is taken is in the form that
 * we hand on, which is taken again and says the same. */

#include "../../core/exchange/trace.h"
#include "fuzz.h"

static bool is_id(const char *text, size_t digits) {
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits && strspn(text, "0") < digits;
}

static void check(const struct trace *trace, const char *offered) {
    struct trace again;
    char text[TRACE_TEXT];
    REQUIRE(is_id(trace->id, TRACE_ID) && is_id(trace->parent, TRACE_SPAN), "\"%s\"", offered);
    REQUIRE(strstr(offered, trace->id) && strstr(offered, trace->parent), "\"%s\"", offered);
    REQUIRE((trace->flags & ~(TRACE_SAMPLED | TRACE_RANDOM)) == 0, "\"%s\"", offered);
    struct trace ours = *trace;
    memcpy(ours.span, trace->parent, sizeof ours.span);
    trace_write(&ours, text);
    REQUIRE(trace_parse(&again, text), "\"%s\" of \"%s\"", text, offered);
    REQUIRE(strcmp(again.id, trace->id) == 0 && strcmp(again.parent, trace->parent) == 0 &&
                again.flags == trace->flags,
            "\"%s\" of \"%s\"", text, offered);
}

static void check_state(const char *text) {
    if (!trace_state_ok(text)) return;
    for (const char *at = text; *at; at++)
        REQUIRE((*at >= ' ' && *at <= '~') || *at == '\t', "\"%s\"", text);
    REQUIRE(strchr(text, '='), "\"%s\"", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    struct trace trace;
    char *parent = input_until(&input, '\n'), *state = input_until(&input, '\n');
    if (parent && trace_parse(&trace, parent)) check(&trace, parent);
    if (state) check_state(state);
    free(parent);
    free(state);
    return 0;
}
