#ifndef PLATEIA_HTTP_ADDRESS_H
#define PLATEIA_HTTP_ADDRESS_H

/* address.h -- "host:port" and what stands behind it: listening sockets and peers' addresses as text. */

#include "../base/err.h"
#include <stdbool.h>
#include <sys/socket.h>

struct address {
    char host[256]; /* without the brackets of an IPv6 address */
    char port[6];   /* digits; "" when none was given */
};

/* "host", "host:port", "[::1]", "[::1]:port". false for anything else; *ret is then undefined. */
bool address_split(const char *text, struct address *ret);

/* A listening, non-blocking socket on "host:port" ("0.0.0.0:8080", "[::]:8080", "localhost:0"). `shared` lets
 * other sockets listen on the same port beside it (SO_REUSEPORT). ret_port may be NULL. */
enum err_code address_listen(int *ret_fd, const char *host_port, bool shared, unsigned *ret_port,
                             struct err *err);

/* From now on nobody new comes into the socket's queue: it can be emptied and closed. Who knocks meanwhile
 * hears nothing and knocks again. */
void address_shut(int listen_fd);

/* The next connection of the socket's queue, non-blocking; -1 when there is none. */
int address_accept(int listen_fd, struct sockaddr_storage *ret, socklen_t *ret_len);

#define ADDRESS_TEXT_SIZE 46
/* "192.0.2.7", "2001:db8::1"; an IPv4 client of a dual-stack socket reads as IPv4. "" for other families. */
void address_text(const struct sockaddr *address, char ret[ADDRESS_TEXT_SIZE]);

#endif
