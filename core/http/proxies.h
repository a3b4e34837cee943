#ifndef PLATEIA_HTTP_PROXIES_H
#define PLATEIA_HTTP_PROXIES_H

/* proxies.h -- who asked, when the connection is a proxy's: X-Forwarded-For and Forwarded (RFC 7239),
 * believed only as far as trusted proxies wrote them. Knows requests, no sockets. */

#include "../exchange/request.h"
#include "ip.h"

/* The address of whoever sent the request that a trusted proxy hands on; false: nobody else is named. The
 * list is read from the back, where the nearest proxy wrote; the first that is not trusted is the client.
 * Where both headers are there and name different clients, neither is believed: a proxy writes one of them
 * and passes the other on. */
bool proxies_client(const struct network *trusted, size_t count, const struct request *req, struct ip *ret);

#endif
