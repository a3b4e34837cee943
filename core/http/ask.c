/* ask.c -- a client of one kind of server, our own: it closes after each answer, so an answer is what comes
 * until the end. */

#include "ask.h"
#include "address.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 5

/* Where somebody listens on all addresses, he is asked on the loopback one. */
static const char *loopback_of(const char *host) {
    if (strcmp(host, "0.0.0.0") == 0) return "127.0.0.1";
    return strcmp(host, "::") == 0 ? "::1" : host;
}

static enum err_code reach(int *ret_fd, const char *host_port, unsigned patience_s, struct err *err) {
    struct address to;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval patience = {.tv_sec = patience_s ? patience_s : PATIENCE_S};
    if (!address_split(host_port, &to) || getaddrinfo(loopback_of(to.host), to.port, &hints, &found) != 0)
        return err_set(err, ERR_NOT_FOUND, "nothing answers at %s: no such address", host_port);
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int connected = fd < 0 ? -1 : connect(fd, found->ai_addr, found->ai_addrlen), reason = errno;
    freeaddrinfo(found);
    if (connected == 0) {
        *ret_fd = fd;
        return ERR_OK;
    }
    if (fd >= 0) close(fd);
    return err_set(err, ERR_NOT_FOUND, "nothing answers at %s: %s", host_port, strerror(reason));
}

static bool send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* What cannot be sent may have been refused already: the answer tells. */
static void send_question(int fd, const struct ask *question) {
    struct buf head = {0};
    buf_addf(&head, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Plateia-Admin: 1\r\n",
             question->method, question->target);
    if (question->token && *question->token) buf_addf(&head, "Authorization: Bearer %s\r\n", question->token);
    buf_addf(&head, "Content-Length: %zu\r\n\r\n", question->body ? question->len : (size_t)0);
    if (!head.failed && send_all(fd, head.data, head.len) && question->body)
        (void)send_all(fd, question->body, question->len);
    buf_done(&head);
}

static bool receive_all(int fd, struct buf *text) {
    ssize_t n = 1;
    while (n > 0 && buf_reserve(text, 4096)) {
        n = recv(fd, text->data + text->len, 4096, 0);
        if (n > 0) text->len += (size_t)n;
        text->data[text->len] = '\0';
    }
    return text->len > 0 && !text->failed;
}

enum err_code ask(const struct ask *question, int *ret_status, struct buf *ret_body, struct err *err) {
    struct buf text = {0};
    int fd = -1;
    enum err_code code = reach(&fd, question->host_port, question->patience_s, err);
    if (code != ERR_OK) return code;
    send_question(fd, question);
    bool received = receive_all(fd, &text);
    close(fd);
    const char *body = received ? strstr(text.data, "\r\n\r\n") : NULL;
    if (body && strncmp(text.data, "HTTP/1.", 7) == 0) {
        *ret_status = atoi(text.data + 9);
        buf_add_str(ret_body, body + 4);
    } else {
        code = err_set(err, ERR_SYSTEM, "no answer from %s", question->host_port);
    }
    buf_done(&text);
    return code;
}
