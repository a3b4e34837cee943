/* address.c -- sockets to listen on, and the names of those who come.
 *
 * TCP_NODELAY is set on the listening socket, from which accepted ones inherit it, so it costs no call a
 * connection. */

#include "address.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */

static bool copy_port(const char *text, char port[6]) {
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 5 || text[len] != '\0' || atoi(text) > 65535) return false;
    memcpy(port, text, len + 1);
    return true;
}

bool address_split(const char *text, struct address *ret) {
    bool bracketed = text[0] == '[';
    const char *host = text + bracketed;
    size_t len = strcspn(host, bracketed ? "]" : ":");
    const char *rest = host + len;
    if (len == 0 || len >= sizeof(ret->host)) return false;
    if (bracketed && *rest++ != ']') return false;
    memcpy(ret->host, host, len);
    ret->host[len] = '\0';
    ret->port[0] = '\0';
    if (*rest == '\0') return true;
    return *rest == ':' && copy_port(rest + 1, ret->port);
}

static bool set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool open_on(int fd, const struct addrinfo *where, bool shared) {
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return false;
    if (shared && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
    if (where->ai_family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) return false;
    if (!set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1)) return false;
    return bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
}

static unsigned port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {0};
    socklen_t len = sizeof(address);
    getsockname(fd, &address.any, &len);
    return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* The first of the name's addresses that can be listened on; -1 and errno of the last when none can. */
static int listen_on_any(const struct addrinfo *list, bool shared) {
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        if (open_on(fd, at, shared)) return fd;
        int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}

static enum err_code refused(const char *host_port, int why, struct err *err) {
    err_set(err, ERR_SYSTEM, "cannot listen on %s: %s", host_port, strerror(why));
    if (why == EADDRINUSE) err_advise(err, "stop who listens there, or choose another port");
    if (why == EACCES) err_advise(err, "ports below 1024 are for root: choose a higher one");
    if (why == EADDRNOTAVAIL)
        err_advise(err, "choose an address of this machine, or 0.0.0.0 for all of them");
    return ERR_SYSTEM;
}

enum err_code address_listen(int *ret_fd, const char *host_port, bool shared, unsigned *ret_port,
                             struct err *err) {
    struct address address;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list;
    if (!address_split(host_port, &address) || address.port[0] == '\0')
        return err_set(err, ERR_INVALID, "\"%s\" is no address to listen on; write host:port", host_port);
    int why = getaddrinfo(address.host, address.port, &hints, &list);
    if (why != 0)
        return err_set(err, ERR_INVALID, "\"%s\": %s: give an address of this machine, as 127.0.0.1:8080",
                       host_port, gai_strerror(why));
    int fd = listen_on_any(list, shared);
    freeaddrinfo(list);
    if (fd < 0) return refused(host_port, errno, err);
    if (ret_port) *ret_port = port_of(fd);
    *ret_fd = fd;
    return ERR_OK;
}

/* A filter that lets no packet through; should it not be taken, the door is open for a moment longer. */
void address_shut(int listen_fd) {
    struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {1, &none};
    setsockopt(listen_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int address_accept(int listen_fd, struct sockaddr_storage *ret, socklen_t *ret_len) {
    int fd;
    do {
        *ret_len = sizeof(*ret);
        fd = accept4(listen_fd, (struct sockaddr *)ret, ret_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

void address_text(const struct sockaddr *address, char ret[ADDRESS_TEXT_SIZE]) {
    ret[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, ret, ADDRESS_TEXT_SIZE);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six))
            inet_ntop(AF_INET, &six->s6_addr[12], ret, ADDRESS_TEXT_SIZE);
        else
            inet_ntop(AF_INET6, six, ret, ADDRESS_TEXT_SIZE);
    }
}
