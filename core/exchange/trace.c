/* trace.c -- reading and writing W3C Trace Context.
 *
 * Two headers of one name are nobody's word, so neither is believed; `tracestate` alone may come in pieces.
 */

#include "trace.h"
#include "../base/buf.h"
#include "../base/log.h"
#include "../base/text.h"
#include <stdio.h>
#include <string.h>

#define VERSION_00  55  /* characters of a traceparent of the only version so far */
#define STATE_MOST  32  /* members of a tracestate */
#define KEY_MOST    256 /* characters, also of a value */
#define KNOWN_FLAGS (TRACE_SAMPLED | TRACE_RANDOM)
#define HEX         "0123456789abcdef"
#define KEY_FIRST   "abcdefghijklmnopqrstuvwxyz0123456789"
#define KEY_FURTHER KEY_FIRST "_-*/@"

/* ---- traceparent ---- */

/* Copies so many lower-case digits; they must not all be 0, and end where they should. */
static bool take_id(char *ret, const char *text, size_t digits) {
    if (strspn(text, HEX) != digits || strspn(text, "0") == digits) return false;
    memcpy(ret, text, digits);
    ret[digits] = '\0';
    return true;
}

static unsigned byte_at(const char *digits) {
    const char *high = strchr(HEX, digits[0]), *low = strchr(HEX, digits[1]);
    return (unsigned)(high - HEX) << 4 | (unsigned)(low - HEX);
}

/* "ff" is no version; what follows the flags is a newer version's own. */
static bool shape_ok(const char *text, size_t len) {
    if (len < VERSION_00 || strspn(text, HEX) != 2 || memcmp(text, "ff", 2) == 0) return false;
    if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    if (strspn(text + 53, HEX) != 2) return false;
    return len == VERSION_00 || (memcmp(text, "00", 2) != 0 && text[VERSION_00] == '-');
}

bool trace_parse(struct trace *ret, const char *text) {
    *ret = (struct trace){0};
    if (!shape_ok(text, strlen(text))) return false;
    if (!take_id(ret->id, text + 3, TRACE_ID) || !take_id(ret->parent, text + 36, TRACE_SPAN)) return false;
    ret->flags = (unsigned char)(byte_at(text + 53) & KNOWN_FLAGS);
    return true;
}

void trace_write(const struct trace *trace, char ret[TRACE_TEXT]) {
    snprintf(ret, TRACE_TEXT, "00-%s-%s-%02x", trace->id, trace->span, trace->flags);
}

/* ---- tracestate ---- */

static bool member_ok(const char *member, size_t len) {
    size_t key = strspn(member, KEY_FURTHER), value;
    if (key == 0 || key > KEY_MOST || key >= len || !strchr(KEY_FIRST, member[0]) || member[key] != '=')
        return false;
    value = len - key - 1;
    for (const char *at = member + key + 1; at < member + len; at++)
        if (*at < ' ' || *at > '~' || *at == '=') return false;
    return value > 0 && value <= KEY_MOST;
}

bool trace_state_ok(const char *text) {
    unsigned members = 0;
    for (const char *at = text; *at; at += strspn(at, ",")) {
        at += strspn(at, " \t");
        size_t len = strcspn(at, ","), bare = len;
        while (bare > 0 && (at[bare - 1] == ' ' || at[bare - 1] == '\t'))
            bare--;
        if (bare > 0 && (!member_ok(at, bare) || ++members > STATE_MOST)) return false;
        at += len;
    }
    return members > 0;
}

static bool is_header(const struct header *header, const char *name) {
    return (header->name[0] | 0x20) == 't' && text_equal_nocase(header->name, name);
}

static const char *join_state(struct request *req) {
    struct buf text = {0};
    for (size_t i = 0; i < req->header_count; i++) {
        if (!is_header(&req->headers[i], "tracestate")) continue;
        if (text.len > 0) buf_add_char(&text, ',');
        buf_add_str(&text, req->headers[i].value);
    }
    bool good = text.len > 0 && !text.failed && trace_state_ok(text.data);
    const char *copy = good ? arena_copy(&req->arena, text.data, text.len) : NULL;
    buf_done(&text);
    return copy;
}

/* Put together once, as often as it is asked for: the arena only grows. */
const char *request_trace_state(struct request *req) {
    if (!request_trace(req) || !req->trace->parent[0]) return NULL;
    if (!req->trace->state_sought) req->trace->state = join_state(req);
    req->trace->state_sought = true;
    return req->trace->state;
}

/* ---- a request's ---- */

static void make_span(char ret[TRACE_SPAN + 1]) {
    char id[REQUEST_ID_SIZE];
    do {
        request_id_make(id);
        id[TRACE_SPAN] = '\0';
    } while (!take_id(ret, id, TRACE_SPAN));
}

/* Several are as good as none. */
static const char *find_parent(const struct request *req) {
    const char *found = NULL;
    for (size_t i = 0; i < req->header_count; i++) {
        if (!is_header(&req->headers[i], "traceparent")) continue;
        if (found) return NULL;
        found = req->headers[i].value;
    }
    return found;
}

static const struct trace *keep(struct request *req, struct trace *trace) {
    make_span(trace->span);
    struct trace *kept = arena_alloc(&req->arena, sizeof *kept);
    if (kept) *kept = *trace;
    req->trace = kept;
    return kept;
}

const struct trace *request_trace(struct request *req) {
    struct trace trace;
    if (req->trace_sought) return req->trace;
    req->trace_sought = true;
    const char *text = find_parent(req);
    return text && trace_parse(&trace, text) ? keep(req, &trace) : NULL;
}

/* An id that we made is as good as one made for the purpose; a client's may be anything. */
static void begin(struct trace *trace, const struct request *req) {
    char id[REQUEST_ID_SIZE];
    if (take_id(trace->id, req->id, TRACE_ID)) return;
    do
        request_id_make(id);
    while (!take_id(trace->id, id, TRACE_ID));
    trace->flags = TRACE_RANDOM;
}

const struct trace *request_trace_begin(struct request *req) {
    struct trace trace = {0};
    if (request_trace(req)) return req->trace;
    begin(&trace, req);
    return keep(req, &trace);
}

size_t request_trace_fields(struct request *req, struct log_field ret[2]) {
    const struct trace *trace = request_trace(req);
    if (!trace) return 0;
    ret[0] = log_text("trace_id", trace->id);
    ret[1] = log_text("span_id", trace->span);
    return 2;
}
