/* notify.c -- the protocol is one datagram to a unix socket: not worth a library that every installation
 * would need.
 */

#include "notify.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path keeps its closing zero; an abstract name begins with one instead, and ends with its last byte. */
static enum err_code name_socket(struct sockaddr_un *ret, socklen_t *ret_len, const char *address,
                                 struct err *err) {
    size_t len = strlen(address);
    bool abstract = address[0] == '@';
    if ((address[0] != '/' && !abstract) || len < 2)
        return err_set(err, ERR_INVALID, "NOTIFY_SOCKET is neither a path nor @NAME");
    if (len + !abstract > sizeof ret->sun_path)
        return err_set(err, ERR_INVALID, "NOTIFY_SOCKET is longer than a unix socket's name may be");
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, address, len);
    if (abstract) ret->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract);
    return ERR_OK;
}

enum err_code notify_send(const char *address, const char *state, struct err *err) {
    struct sockaddr_un name;
    socklen_t name_len = 0;
    if (!address || !*address) return ERR_OK;
    enum err_code code = name_socket(&name, &name_len, address, err);
    if (code != ERR_OK) return code;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return err_system(err, "a socket for the service manager");
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&name, name_len) < 0)
        code = err_system(err, "telling the service manager");
    close(fd);
    return code;
}
