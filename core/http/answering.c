/* answering.c -- making responses, and giving those that stand a second time.
 *
 * An answer of which the handler says that it stands is kept as the library has it, and given to whoever asks
 * the same: no handler runs, and nothing is built but the head on its way out. That is done before the
 * library's call for the answer returns, so what in it is each request's own, its id and perhaps its timing,
 * is written into the kept answer itself. */

#include "answering.h"
#include "../base/clock.h"
#include "../exchange/problem.h"
#include "connection.h"
#include "edges.h"
#include "server.h"
#include "timing.h"
#include "traffic.h"
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

static void release(void *made) {
    MHD_destroy_response(made);
}

void answering_init(struct answering *answering, const struct server_options *options) {
    answering->options = options;
    answering->draining = false;
    ready_init(&answering->kept, release);
}

void answering_done(struct answering *answering) {
    ready_done(&answering->kept);
}

/* ---- making a response ---- */

static struct MHD_Response *make_body(struct exchange *exchange) {
    static char empty[1];
    const struct answer *answer = &exchange->req.answer;
    if (answer->lent) {
        exchange->sent = answer->lent_len; /* the library only reads it, whatever its parameter's type */
        return MHD_create_response_from_buffer(exchange->sent, (void *)answer->lent, MHD_RESPMEM_PERSISTENT);
    }
    char *bytes = buf_take(&exchange->req.answer.body, &exchange->sent);
    if (!bytes) return MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(exchange->sent, bytes, free);
    if (!response) free(bytes);
    return response;
}

static void write_timing(const struct exchange *exchange, char ret[TIMING_SIZE]) {
    timing_write(ret, &exchange->req.spent, clock_ns() - exchange->req.started_ns);
}

static void add_timing(const struct exchange *exchange, struct MHD_Response *response) {
    char text[TIMING_SIZE];
    write_timing(exchange, text);
    MHD_add_response_header(response, "Server-Timing", text);
}

static struct MHD_Response *make_response(const struct answering *answering, struct exchange *exchange) {
    const struct request *req = &exchange->req;
    const struct server_options *options = answering->options;
    struct header edges[EDGES_HEADERS];
    bool typed = req->answer.body.len == 0 || answer_header_get(req, "Content-Type");
    struct MHD_Response *response = make_body(exchange);
    if (!response) return NULL;
    for (size_t i = 0; i < req->answer.header_count; i++)
        MHD_add_response_header(response, req->answer.headers[i].name, req->answer.headers[i].value);
    for (size_t i = edges_headers(options->edges, req, edges); i-- > 0;)
        MHD_add_response_header(response, edges[i].name, edges[i].value);
    if (!typed) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, "X-Request-Id", req->id);
    if (options->server_timing) add_timing(exchange, response);
    if (answering->draining) MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

/* ---- giving it ---- */

/* Hands it to the library, which leaves the body out for HEAD, 204 and 304. */
static bool queue(struct exchange *exchange, struct MHD_Response *response) {
    struct connection *connection = exchange->connection;
    unsigned status = (unsigned)exchange->req.answer.status;
    if (MHD_queue_response(connection->mhd, status, response) != MHD_YES) return false;
    exchange->state = EXCHANGE_SENDING;
    patience_move(&connection->client, PHASE_SEND);
    return true;
}

/* Where in the answer the value stands that each request has for itself; NULL: not where we put it. It is
 * const, but the library's own copy, and whatever went out with another one has been written out when the
 * next is put there. */
static char *own_value(struct MHD_Response *response, const char *name, size_t len) {
    const char *value = MHD_get_response_header(response, name);
    return value && strlen(value) == len ? (char *)value : NULL;
}

/* Only ids of the usual length fit the next request's; and a script's own timing would be told again and
 * again. */
static bool may_be_kept(const struct answering *answering, const struct request *req,
                        const struct ready_answer *answer) {
    if (answering->draining || answer->status >= 400) return false;
    if (!answer->id || strlen(req->id) != REQUEST_ID_USUAL) return false;
    return !answering->options->server_timing || (answer->timing && !answer_header_get(req, "Server-Timing"));
}

static bool keep(struct answering *answering, const struct exchange *exchange, struct MHD_Response *response,
                 int64_t now_ns) {
    const struct request *req = &exchange->req;
    const struct ready_answer answer = {.made = response,
                                        .id = own_value(response, "X-Request-Id", REQUEST_ID_USUAL),
                                        .timing = own_value(response, "Server-Timing", TIMING_SIZE - 1),
                                        .status = req->answer.status,
                                        .bytes = exchange->sent,
                                        .route = req->route,
                                        .route_name = req->route_name,
                                        .generation = req->generation,
                                        .standing = req->answer.standing};
    return may_be_kept(answering, req, &answer) &&
           ready_keep(&answering->kept, req, exchange->target, &answer, now_ns);
}

bool answering_give(struct answering *answering, struct exchange *exchange, int64_t now_ns) {
    struct request *req = &exchange->req;
    if (req->answer.status < 200 || req->answer.status > 599 || req->answer.body.failed) {
        answer_reset(req);
        problem_say(req, 500, NULL);
    }
    struct MHD_Response *response = make_response(answering, exchange);
    if (!response) return false;
    bool queued = queue(exchange, response);
    bool kept = req->answer.standing.until_ns != 0 && keep(answering, exchange, response, now_ns);
    if (!kept) MHD_destroy_response(response);
    return queued;
}

/* ---- giving it again ---- */

const struct ready_answer *answering_find(struct answering *answering, const struct exchange *exchange,
                                          unsigned generation, int64_t now_ns) {
    const struct request *req = &exchange->req;
    if (answering->draining || strlen(req->id) != REQUEST_ID_USUAL) return NULL;
    return ready_find(&answering->kept, req, exchange->target, generation, now_ns);
}

bool answering_give_again(const struct answering *answering, struct exchange *exchange,
                          const struct ready_answer *answer) {
    struct request *req = &exchange->req;
    const struct server_options *options = answering->options;
    memcpy(answer->id, req->id, REQUEST_ID_USUAL);
    if (options->server_timing) write_timing(exchange, answer->timing);
    req->answer.status = answer->status;
    req->generation = answer->generation;
    req->route_name = answer->route_name;
    exchange->sent = answer->bytes;
    if (options->access_log && answer->route)
        req->route = arena_copy(&req->arena, answer->route, strlen(answer->route));
    if (options->traffic) meter_add(&options->traffic->kept, 1);
    return queue(exchange, answer->made);
}
