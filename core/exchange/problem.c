/* problem.c -- the words of error answers.
 *
 * JSON is written straight into the answer's buffer: a problem is a handful of members, and what callers
 * bring
 * (`errors`, `more`) is encoded already. */

#include "problem.h"
#include "../base/text.h"
#include "request.h"
#include <stdlib.h>
#include <string.h>

const char *problem_title(int status) {
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return status < 500 ? "Client Error" : "Server Error";
    }
}

/* ---- which shape ---- */

/* The weight in thousandths that one member of Accept ("type/subtype;q=0.5") gives `type`; -1: none. */
static int weight(const char *member, size_t len, const char *type) {
    char text[128], *save = NULL;
    if (len >= sizeof(text)) return -1;
    memcpy(text, member, len);
    text[len] = '\0';
    char *name = strtok_r(text, "; \t", &save);
    if (!name || !text_equal_nocase(name, type)) return -1;
    for (char *param; (param = strtok_r(NULL, "; \t", &save));)
        if ((param[0] == 'q' || param[0] == 'Q') && param[1] == '=') {
            double q = strtod(param + 2, NULL);
            return q >= 1 ? 1000 : q > 0 ? (int)(q * 1000) : 0;
        }
    return 1000;
}

static int accepted(const char *accept, const char *type) {
    int most = -1;
    for (const char *at = accept; *at;) {
        size_t len = strcspn(at, ",");
        int here = weight(at, len, type);
        if (here > most) most = here;
        at += len + (at[len] == ',');
    }
    return most;
}

/* Only a client that names the type gets it: whoever accepts anything expects what everyone gets. */
static bool wants_rfc9457(const struct request *req) {
    const char *accept = request_header(req, "Accept");
    if (!accept) return false;
    int problem = accepted(accept, "application/problem+json");
    return problem > 0 && problem >= accepted(accept, "application/json");
}

/* ---- the two shapes ---- */

static void add_text(struct buf *body, const char *text) {
    buf_add_json(body, text, strlen(text));
}

static void write_rfc9457(struct buf *body, const struct request *req, const struct problem *problem) {
    const char *title = problem_title(problem->status);
    buf_add_str(body, "{\"type\":\"about:blank\",\"title\":");
    add_text(body, title);
    buf_add_str(body, ",\"status\":");
    buf_add_int(body, problem->status);
    buf_add_str(body, ",\"detail\":");
    add_text(body, problem->detail ? problem->detail : title);
    buf_add_str(body, ",\"request_id\":");
    add_text(body, req->id);
    if (problem->errors) {
        buf_add_str(body, ",\"errors\":");
        buf_add_str(body, problem->errors);
    }
}

/* The id of what is our own fault leads to its lines in the log. */
static void write_plain(struct buf *body, const struct request *req, const struct problem *problem) {
    buf_add_str(body, "{\"detail\":");
    if (problem->errors)
        buf_add_str(body, problem->errors);
    else
        add_text(body, problem->detail ? problem->detail : problem_title(problem->status));
    if (problem->status < 500) return;
    buf_add_str(body, ",\"request_id\":");
    add_text(body, req->id);
}

static void header_default(struct request *req, const char *name, const char *value) {
    if (!answer_header_get(req, name)) answer_header(req, name, value);
}

void problem_answer(struct request *req, const struct problem *problem) {
    bool rfc9457 = wants_rfc9457(req);
    struct buf *body = &req->answer.body;
    buf_clear(body);
    if (rfc9457)
        write_rfc9457(body, req, problem);
    else
        write_plain(body, req, problem);
    if (problem->more && problem->more[0]) {
        buf_add_char(body, ',');
        buf_add_str(body, problem->more);
    }
    if (req->generation) {
        buf_add_str(body, ",\"generation\":");
        buf_add_int(body, req->generation);
    }
    buf_add_char(body, '}');
    req->answer.status = problem->status;
    req->answer.stream = NULL;
    answer_header_set(req, "Content-Type", rfc9457 ? "application/problem+json" : "application/json");
    if (problem->status == 503 || problem->status == 429) header_default(req, "Retry-After", "1");
    if (problem->status == 401) header_default(req, "WWW-Authenticate", "Bearer");
}

void problem_say(struct request *req, int status, const char *detail) {
    problem_answer(req, &(struct problem){.status = status, .detail = detail});
}
