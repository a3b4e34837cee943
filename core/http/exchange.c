/* exchange.c -- making, filling, recycling and logging exchanges.
 *
 * A busy worker takes thousands a second: with its arena's first block kept, one costs no allocation. */

#include "exchange.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "validate.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SPARE_LIMIT 256
#define STATUS_GONE 499 /* in the log and in counts: the connection ended before there was an answer */

static void release(struct exchange *exchange) {
    buf_done(&exchange->req.answer.body);
    arena_done(&exchange->req.arena);
    free(exchange);
}

static struct exchange *reuse(struct exchanges *exchanges) {
    struct exchange *exchange = exchanges->spare;
    struct arena arena = exchange->req.arena;
    exchanges->spare = exchange->next;
    exchanges->count--;
    *exchange = (struct exchange){.req.arena = arena};
    return exchange;
}

/* Where the path begins: a proxy may send the absolute form, "http://host/path". */
static const char *skip_authority(const char *target) {
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    return scheme ? target + scheme + strcspn(target + scheme, "/?") : target;
}

static bool set_target(struct exchange *exchange, const char *target) {
    struct request *req = &exchange->req;
    exchange->target = arena_copy(&req->arena, target, strlen(target));
    if (!exchange->target) return false;
    const char *path = skip_authority(exchange->target);
    size_t len = strcspn(path, "?");
    req->query = path[len] ? path + len + 1 : "";
    req->path = len == 0 ? "/" : path[len] ? arena_copy(&req->arena, path, len) : path;
    return req->path != NULL;
}

struct exchange *exchange_take(struct exchanges *exchanges, const char *target, int64_t now_ns) {
    struct exchange *exchange = exchanges->spare ? reuse(exchanges) : calloc(1, sizeof(*exchange));
    if (!exchange) return NULL;
    if (!set_target(exchange, target)) {
        release(exchange);
        return NULL;
    }
    exchange->req.method = METHOD_COUNT;
    exchange->req.body = "";
    exchange->req.started_ns = now_ns;
    return exchange;
}

void exchange_give(struct exchanges *exchanges, struct exchange *exchange) {
    if (exchanges->count == SPARE_LIMIT) {
        release(exchange);
        return;
    }
    buf_done(&exchange->req.answer.body);
    arena_reset(&exchange->req.arena);
    exchange->next = exchanges->spare;
    exchanges->spare = exchange;
    exchanges->count++;
}

void exchange_done(struct exchanges *exchanges) {
    while (exchanges->spare) {
        struct exchange *exchange = exchanges->spare;
        exchanges->spare = exchange->next;
        release(exchange);
    }
    exchanges->count = 0;
}

bool exchange_expect_headers(struct exchange *exchange, size_t count) {
    struct request *req = &exchange->req;
    exchange->headers = arena_alloc(&req->arena, count * sizeof(*exchange->headers));
    exchange->header_room = exchange->headers ? count : 0;
    req->headers = exchange->headers;
    return exchange->headers != NULL;
}

/* White space after a value is no part of it (RFC 9110 section 5.5), but it may still hang there. */
bool exchange_add_header(struct exchange *exchange, const char *name, const char *value, size_t value_len) {
    struct request *req = &exchange->req;
    size_t len = value_len;
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    if (len < value_len) value = arena_copy(&req->arena, value, len);
    if (!value || req->header_count == exchange->header_room) return false;
    exchange->headers[req->header_count++] = (struct header){.name = name, .value = value};
    return true;
}

int exchange_judge(struct exchange *exchange, const char *method, const char *version, size_t body_limit,
                   const char **ret_detail) {
    struct request *req = &exchange->req;
    const struct validate_head head = {.method = method,
                                       .version = version,
                                       .target = exchange->target,
                                       .headers = req->headers,
                                       .header_count = req->header_count,
                                       .body_limit = body_limit};
    request_id_choose(req->id, request_header(req, "X-Request-Id"));
    req->method = method_from(method);
    return validate_head(&head, ret_detail);
}

bool exchange_expect_body(struct exchange *exchange) {
    struct request *req = &exchange->req;
    const char *length = request_header(req, "Content-Length");
    size_t room = length ? strtoul(length, NULL, 10) : 0; /* judged: digits, and within the limit */
    exchange->state = EXCHANGE_BODY;
    if (room == 0) return true;
    exchange->body = arena_alloc(&req->arena, room + 1);
    if (!exchange->body) return false;
    exchange->body[0] = '\0';
    exchange->body_room = room;
    req->body = exchange->body;
    return true;
}

bool exchange_add_body(struct exchange *exchange, const char *bytes, size_t len) {
    struct request *req = &exchange->req;
    if (len > exchange->body_room - req->body_len) return false;
    memcpy(exchange->body + req->body_len, bytes, len);
    req->body_len += len;
    exchange->body[req->body_len] = '\0';
    return true;
}

int exchange_status(const struct exchange *exchange) {
    return exchange->state == EXCHANGE_SENDING ? exchange->req.answer.status : STATUS_GONE;
}

void exchange_log(const struct exchange *exchange) {
    const struct request *req = &exchange->req;
    double ms = (double)(clock_ns() - req->started_ns) / (double)CLOCK_NS_PER_MS;
    unsigned before = log_generation(req->generation);
    log_event(LOG_INFO, "request", log_text("request_id", req->id),
              log_text("method", method_name(req->method)), log_text("path", req->path),
              log_text("route", req->route), log_int("status", exchange_status(exchange)), log_real("ms", ms),
              log_int("bytes", exchange->sent), log_text("peer", req->peer));
    log_generation(before);
}
