#ifndef PLATEIA_HTTP_EDGES_H
#define PLATEIA_HTTP_EDGES_H

/* edges.h -- what every connection and every answer is held to, whatever route it is for: connections an
 * address, whose word about the client's address counts, which web pages may ask (CORS), security headers.
 *
 * One for the process, shared by the workers; constant but for the count of connections. NULL is an edges
 * without limits, proxies and CORS. Knows requests and addresses, no library and no socket. */

#include "../base/err.h"
#include "../exchange/request.h"
#include "ip.h"

struct edges;

struct edges_options {
    unsigned connections_per_address; /* 0: as many as it likes; trusted proxies always */
    const char *trusted_proxies;      /* networks, as networks_parse reads them */
    const char *cors_origins;         /* "": none; "*": any; else "https://a.example, https://b.example" */
};

enum err_code edges_new(struct edges **ret, const struct edges_options *options, struct err *err);
void edges_free(struct edges *edges);

/* A connection begins: false when its address has too many. edges_leave: it ends; only for those let in. */
bool edges_enter(struct edges *edges, const struct ip *peer);
void edges_leave(struct edges *edges, const struct ip *peer);

/* Sets req->peer where a trusted proxy on the other side names somebody else. Memory of the request's arena.
 */
void edges_client(const struct edges *edges, const struct ip *peer, struct request *req);

/* Answers a preflight (Fetch standard, 4.8) and returns true; false for everything else. */
bool edges_preflight(const struct edges *edges, struct request *req);

/* The headers that go with every answer; those that the answer has itself are left out. Returns how many. */
#define EDGES_HEADERS 8
size_t edges_headers(const struct edges *edges, const struct request *req, struct header ret[EDGES_HEADERS]);

#endif
