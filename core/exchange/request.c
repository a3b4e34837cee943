/* request.c -- the exchange's small verbs.
 *
 * Headers are plain lists walked from the front: a request has about ten, and a table would cost more to fill
 * than it saves. */

#include "request.h"
#include "../base/text.h"
#include "board.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char *const method_names[METHOD_COUNT] = {"GET",   "HEAD",   "POST",   "PUT",
                                                       "PATCH", "DELETE", "OPTIONS"};

const char *method_name(enum method method) {
    return method < METHOD_COUNT ? method_names[method] : NULL;
}

enum method method_from(const char *name) {
    enum method method = 0;
    while (method < METHOD_COUNT && strcmp(name, method_names[method]) != 0)
        method++;
    return method;
}

/* ---- headers ---- */

static const char *find(const struct header *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (text_equal_nocase(headers[i].name, name)) return headers[i].value;
    return NULL;
}

static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool header_name_ok(const char *name) {
    const char *at = name;
    while (is_alnum((unsigned char)*at) || (*at && strchr("!#$%&'*+-.^_`|~", *at)))
        at++;
    return at > name && *at == '\0';
}

bool header_value_ok(const char *value) {
    const unsigned char *at = (const unsigned char *)value;
    while ((*at >= ' ' && *at != 0x7f) || *at == '\t')
        at++;
    return *at == '\0';
}

const char *request_header(const struct request *req, const char *name) {
    return find(req->headers, req->header_count, name);
}

const char *answer_header_get(const struct request *req, const char *name) {
    return find(req->answer.headers, req->answer.header_count, name);
}

static bool make_room(struct request *req) {
    struct answer *answer = &req->answer;
    if (answer->header_count < answer->header_room) return true;
    size_t room = answer->header_room ? answer->header_room * 2 : 8;
    struct header *headers = arena_alloc(&req->arena, room * sizeof(*headers));
    if (!headers) return false;
    if (answer->header_count > 0) memcpy(headers, answer->headers, answer->header_count * sizeof(*headers));
    answer->headers = headers; /* the smaller list stays behind in the arena */
    answer->header_room = room;
    return true;
}

bool answer_header(struct request *req, const char *name, const char *value) {
    if (!header_name_ok(name) || !header_value_ok(value) || !make_room(req)) return false;
    struct header copy = {.name = arena_copy(&req->arena, name, strlen(name)),
                          .value = arena_copy(&req->arena, value, strlen(value))};
    if (!copy.name || !copy.value) return false;
    req->answer.headers[req->answer.header_count++] = copy;
    return true;
}

bool answer_header_set(struct request *req, const char *name, const char *value) {
    struct answer *answer = &req->answer;
    size_t before = answer->header_count, kept = 0;
    if (!answer_header(req, name, value)) return false;
    struct header newest = answer->headers[before];
    for (size_t i = 0; i < before; i++)
        if (!text_equal_nocase(answer->headers[i].name, name)) answer->headers[kept++] = answer->headers[i];
    answer->headers[kept++] = newest;
    answer->header_count = kept;
    return true;
}

/* Nobody between may keep it, or hold it back until there is more (nginx asks X-Accel-Buffering). */
bool answer_stream(struct request *req, const char *name) {
    if (!board_name_ok(name)) return false;
    req->answer.status = 200;
    req->answer.stream = arena_copy(&req->arena, name, strlen(name));
    return req->answer.stream && answer_header_set(req, "Content-Type", "text/event-stream") &&
           answer_header_set(req, "Cache-Control", "no-store") &&
           answer_header_set(req, "X-Accel-Buffering", "no");
}

void answer_reset(struct request *req) {
    req->answer.status = 0;
    req->answer.stream = NULL;
    req->answer.lent = NULL;
    req->answer.header_count = 0;
    req->answer.standing = (struct standing){0};
    buf_clear(&req->answer.body);
}

void request_answered(struct request *req) {
    req->on_answered(req);
}

/* ---- ids ---- */

#define ID_BYTES 16

/* One visit to the kernel for sixty-four ids. An id names a request in the log and nothing else, so bytes may
 * wait in the thread's memory. */
static const unsigned char *random_bytes(void) {
    static _Thread_local unsigned char pool[64 * ID_BYTES];
    static _Thread_local size_t left;
    if (left == 0) {
        while (getrandom(pool, sizeof(pool), 0) != (ssize_t)sizeof(pool))
            if (errno != EINTR) abort(); /* no such kernel runs the rest of this program either */
        left = sizeof(pool);
    }
    left -= ID_BYTES;
    return pool + left;
}

void request_id_make(char id[REQUEST_ID_SIZE]) {
    const unsigned char *bytes = random_bytes();
    for (size_t i = 0; i < ID_BYTES; i++) {
        *id++ = "0123456789abcdef"[bytes[i] >> 4];
        *id++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *id = '\0';
}

static bool well_formed(const char *id) {
    const char *at = id;
    while (is_alnum((unsigned char)*at) || *at == '.' || *at == '_' || *at == '-')
        at++;
    return at > id && *at == '\0' && at - id < REQUEST_ID_SIZE;
}

void request_id_choose(char id[REQUEST_ID_SIZE], const char *offered) {
    if (offered && well_formed(offered))
        memcpy(id, offered, strlen(offered) + 1);
    else
        request_id_make(id);
}
