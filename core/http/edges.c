/* edges.c -- limits and headers that no route has to think of.
 *
 * The security headers are for answers that are data: nothing in them may be run, framed or sniffed as
 * something else. A page says its own Content-Security-Policy, which then stands alone. Whoever may read
 * across origins is CORS's affair, so Cross-Origin-Resource-Policy opens with it. */

#include "edges.h"
#include "../base/text.h"
#include "crowd.h"
#include "proxies.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN_DIVIDERS ", \t"
#define METHODS         "GET, HEAD, POST, PUT, PATCH, DELETE"
#define REQUEST_HEADERS "Authorization, Content-Type, If-None-Match, X-Request-Id"
#define ANSWER_HEADERS                                                                                       \
    "Age, ETag, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "        \
    "X-Request-Id"
#define PREFLIGHT_S "600"

struct edges {
    struct crowd *crowd; /* NULL: no limit */
    struct network *trusted;
    size_t trusted_count;
    char *origins; /* NULL: no CORS */
    bool any_origin;
};

static bool origin_ok(const char *origin, size_t len) {
    const char *scheme = memmem(origin, len, "://", 3);
    if (!scheme || scheme == origin) return false;
    const char *host = scheme + 3;
    size_t rest = len - (size_t)(host - origin);
    return rest > 0 && !memchr(host, '/', rest) && !memchr(origin, '*', len);
}

static enum err_code take_origins(struct edges *edges, const char *text, struct err *err) {
    text += strspn(text, ORIGIN_DIVIDERS);
    if (!*text) return ERR_OK;
    edges->any_origin = strcmp(text, "*") == 0;
    for (const char *at = text; *at && !edges->any_origin; at += strspn(at, ORIGIN_DIVIDERS)) {
        size_t len = strcspn(at, ORIGIN_DIVIDERS);
        if (!origin_ok(at, len))
            return err_set(err, ERR_INVALID,
                           "cors_origins: \"%.*s\" is no origin; write https://host, or * alone", (int)len,
                           at);
        at += len;
    }
    edges->origins = strdup(text);
    return edges->origins ? ERR_OK : err_set(err, ERR_NO_MEMORY, "no memory for the list of origins");
}

static enum err_code take_proxies(struct edges *edges, const char *text, struct err *err) {
    struct err why = {0};
    enum err_code code = networks_parse(&edges->trusted, &edges->trusted_count, text, &why);
    return code == ERR_OK ? code : err_set(err, code, "trusted_proxies: %s", why.text);
}

enum err_code edges_new(struct edges **ret, const struct edges_options *options, struct err *err) {
    struct edges *edges = calloc(1, sizeof *edges);
    if (!edges) return err_set(err, ERR_NO_MEMORY, "no memory for the edges");
    enum err_code code = take_proxies(edges, options->trusted_proxies, err);
    if (code == ERR_OK) code = take_origins(edges, options->cors_origins, err);
    if (code == ERR_OK && options->connections_per_address > 0)
        code = crowd_new(&edges->crowd, options->connections_per_address, err);
    if (code == ERR_OK)
        *ret = edges;
    else
        edges_free(edges);
    return code;
}

void edges_free(struct edges *edges) {
    if (!edges) return;
    crowd_free(edges->crowd);
    free(edges->trusted);
    free(edges->origins);
    free(edges);
}

/* ---- connections ---- */

static bool is_trusted(const struct edges *edges, const struct ip *peer) {
    return networks_hold(edges->trusted, edges->trusted_count, peer);
}

bool edges_enter(struct edges *edges, const struct ip *peer) {
    if (!edges || !edges->crowd || is_trusted(edges, peer)) return true;
    struct ip household = ip_household(peer);
    return crowd_enter(edges->crowd, &household);
}

void edges_leave(struct edges *edges, const struct ip *peer) {
    if (!edges || !edges->crowd || is_trusted(edges, peer)) return;
    struct ip household = ip_household(peer);
    crowd_leave(edges->crowd, &household);
}

void edges_client(const struct edges *edges, const struct ip *peer, struct request *req) {
    static const unsigned char four_prefix[12] = {[10] = 0xff, [11] = 0xff};
    struct ip client;
    if (!edges || edges->trusted_count == 0 || !is_trusted(edges, peer)) return;
    if (!proxies_client(edges->trusted, edges->trusted_count, req, &client)) return;
    bool four = memcmp(client.bytes, four_prefix, sizeof four_prefix) == 0;
    char *text = arena_alloc(&req->arena, INET6_ADDRSTRLEN);
    if (!text) return;
    inet_ntop(four ? AF_INET : AF_INET6, client.bytes + (four ? 12 : 0), text, INET6_ADDRSTRLEN);
    req->peer = text;
}

/* ---- CORS ---- */

static bool origin_allowed(const struct edges *edges, const char *origin) {
    size_t wanted = strlen(origin);
    if (edges->any_origin) return true;
    for (const char *at = edges->origins; *at; at += strspn(at, ORIGIN_DIVIDERS)) {
        size_t len = strcspn(at, ORIGIN_DIVIDERS);
        if (len == wanted && strncasecmp(at, origin, len) == 0) return true;
        at += len;
    }
    return false;
}

bool edges_preflight(const struct edges *edges, struct request *req) {
    if (!edges || !edges->origins || req->method != METHOD_OPTIONS) return false;
    const char *origin = request_header(req, "Origin");
    if (!origin || !request_header(req, "Access-Control-Request-Method")) return false;
    req->answer.status = 204;
    if (!origin_allowed(edges, origin)) return true; /* without a word of leave the browser asks no further */
    answer_header(req, "Access-Control-Allow-Methods", METHODS);
    answer_header(req, "Access-Control-Allow-Headers", REQUEST_HEADERS);
    answer_header(req, "Access-Control-Max-Age", PREFLIGHT_S);
    return true;
}

static size_t add_cors(const struct edges *edges, const struct request *req, struct header *ret) {
    size_t count = 0;
    const char *origin = request_header(req, "Origin");
    if (!edges->any_origin) ret[count++] = (struct header){"Vary", "Origin"};
    if (!origin || !origin_allowed(edges, origin)) return count;
    ret[count++] = (struct header){"Access-Control-Allow-Origin", edges->any_origin ? "*" : origin};
    ret[count++] = (struct header){"Access-Control-Expose-Headers", ANSWER_HEADERS};
    return count;
}

/* ---- every answer ---- */

size_t edges_headers(const struct edges *edges, const struct request *req, struct header ret[EDGES_HEADERS]) {
    bool cors = edges && edges->origins;
    const struct header always[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Cross-Origin-Resource-Policy", cors ? "cross-origin" : "same-origin"},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (!answer_header_get(req, always[i].name)) ret[count++] = always[i];
    return cors ? count + add_cors(edges, req, ret + count) : count;
}
