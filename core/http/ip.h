#ifndef PLATEIA_HTTP_IP_H
#define PLATEIA_HTTP_IP_H

/* ip.h -- an address as 16 bytes, and lists of networks ("10.0.0.0/8, ::1"). IPv4 is kept as ::ffff:a.b.c.d,
 * so that there is one kind. Pure. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct ip {
    unsigned char bytes[16];
};

struct network {
    struct ip ip;
    unsigned bits;
};

/* "192.0.2.7" or "2001:db8::1", `len` bytes. false for anything else; *ret is then undefined. */
bool ip_parse(const char *text, size_t len, struct ip *ret);
/* All zero for other families. */
struct ip ip_of(const struct sockaddr *address);
/* What one customer usually has: the address in IPv4, the /64 in IPv6. */
struct ip ip_household(const struct ip *ip);

/* Parts are divided by commas or spaces; an address alone is a network of one. *ret is the caller's to free
 * and may be NULL when the list is empty. ERR_INVALID names the part that is none. */
enum err_code networks_parse(struct network **ret, size_t *ret_count, const char *text, struct err *err);
bool networks_hold(const struct network *networks, size_t count, const struct ip *ip);

#endif
