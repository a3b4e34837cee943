/* Splitting "host:port", listening on it, and peers as text. */

#include "../../../core/http/address.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void hosts_and_ports_are_split(void **state) {
    static const struct {
        const char *text, *host, *port;
    } table[] = {
        {"localhost", "localhost", ""},
        {"localhost:0", "localhost", "0"},
        {"0.0.0.0:8080", "0.0.0.0", "8080"},
        {"[::]:8080", "::", "8080"},
        {"[::1]", "::1", ""},
        {"a:65535", "a", "65535"},
        {"", NULL, NULL},
        {":80", NULL, NULL},
        {"a:", NULL, NULL},
        {"a:65536", NULL, NULL},
        {"a:x", NULL, NULL},
        {"a:80x", NULL, NULL},
        {"a:-1", NULL, NULL},
        {"::1", NULL, NULL},
        {"[::1", NULL, NULL},
        {"[]:80", NULL, NULL},
        {"[::1]80", NULL, NULL},
        {"a:1:2", NULL, NULL},
        {"a:000080", NULL, NULL},
    };
    struct address address;
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        bool is = address_split(table[i].text, &address);
        if (is != (table[i].host != NULL)) fail_msg("\"%s\"", table[i].text);
        if (!is) continue;
        assert_string_equal(address.host, table[i].host);
        assert_string_equal(address.port, table[i].port);
    }
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    longest[299] = '\0';
    assert_false(address_split(longest, &address));
}

static int connect_to(unsigned port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void listening_accepts(void **state) {
    unsigned port = 0;
    int fd, nodelay = 0;
    struct sockaddr_storage from;
    socklen_t len, size = sizeof(nodelay);
    char text[ADDRESS_TEXT_SIZE];
    (void)state;
    assert_int_equal(address_listen(&fd, "127.0.0.1:0", true, &port, NULL), ERR_OK);
    assert_true(port > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(address_accept(fd, &from, &len), -1); /* no one yet, and it does not wait */
    int client = connect_to(port), server;
    while ((server = address_accept(fd, &from, &len)) < 0)
        continue;
    address_text((struct sockaddr *)&from, text);
    assert_string_equal(text, "127.0.0.1");
    getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
    assert_true(nodelay);
    close(server);
    close(client);
    close(fd);
}

static void only_shared_ports_are_shared(void **state) {
    unsigned port;
    int first, second;
    char again[32];
    struct err err;
    (void)state;
    assert_int_equal(address_listen(&first, "127.0.0.1:0", true, &port, NULL), ERR_OK);
    snprintf(again, sizeof(again), "127.0.0.1:%u", port);
    assert_int_equal(address_listen(&second, again, true, NULL, NULL), ERR_OK);
    close(second);
    assert_int_equal(address_listen(&second, again, false, NULL, &err), ERR_SYSTEM);
    assert_non_null(strstr(err.text, again));
    close(first);
}

static void what_is_no_address_is_told(void **state) {
    int fd = -7;
    struct err err;
    (void)state;
    assert_int_equal(address_listen(&fd, "localhost", true, NULL, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "host:port"));
    assert_int_equal(address_listen(&fd, "256.0.0.1:0", true, NULL, &err), ERR_INVALID);
    assert_int_equal(fd, -7);
}

static void peers_read_as_text(void **state) {
    char text[ADDRESS_TEXT_SIZE];
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};
    (void)state;
    inet_pton(AF_INET6, "2001:db8::7", &six.sin6_addr);
    address_text((struct sockaddr *)&six, text);
    assert_string_equal(text, "2001:db8::7");
    inet_pton(AF_INET6, "::ffff:192.0.2.9", &six.sin6_addr);
    address_text((struct sockaddr *)&six, text);
    assert_string_equal(text, "192.0.2.9");
    address_text(&other, text);
    assert_string_equal(text, "");
}

/* Who is in the queue is still there, and nobody comes to it any more: its end is an end. */
static void a_shut_door_lets_nobody_in(void **state) {
    (void)state;
    unsigned port;
    int listening, early, late, accepted;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_storage from;
    socklen_t len;
    assert_int_equal(address_listen(&listening, "127.0.0.1:0", true, &port, NULL), ERR_OK);
    early = connect_to(port);
    address_shut(listening);
    late = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    to.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), -1);
    accepted = address_accept(listening, &from, &len);
    assert_true(accepted >= 0);
    assert_int_equal(send(early, "x", 1, 0), 1); /* the door is shut, the line is not */
    char byte;
    assert_int_equal(fcntl(accepted, F_SETFL, 0), 0);
    assert_int_equal(recv(accepted, &byte, 1, 0), 1);
    assert_int_equal(address_accept(listening, &from, &len), -1);
    close(late), close(accepted), close(early), close(listening);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports_are_split),    cmocka_unit_test(listening_accepts),
        cmocka_unit_test(only_shared_ports_are_shared), cmocka_unit_test(what_is_no_address_is_told),
        cmocka_unit_test(peers_read_as_text),           cmocka_unit_test(a_shut_door_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
