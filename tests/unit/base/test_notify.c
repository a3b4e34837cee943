/* test_notify.c -- what a service manager hears, on a socket of each kind. */

#include "../../../core/base/notify.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct manager {
    int fd;
    char address[108]; /* for NOTIFY_SOCKET */
};

/* Listens on the path, or on the abstract name where it begins with '@'. */
static void listen_on(struct manager *manager, const char *address) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(address);
    assert_true(len < sizeof name.sun_path);
    memcpy(name.sun_path, address, len);
    if (address[0] == '@') name.sun_path[0] = '\0';
    snprintf(manager->address, sizeof manager->address, "%s", address);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager->fd >= 0);
    socklen_t name_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    assert_int_equal(bind(manager->fd, (struct sockaddr *)&name, name_len), 0);
}

static void hears(const struct manager *manager, const char *state) {
    char heard[64] = "";
    ssize_t len = recv(manager->fd, heard, sizeof heard - 1, MSG_DONTWAIT);
    assert_true(len >= 0);
    assert_string_equal(heard, state);
}

static void hears_nothing(const struct manager *manager) {
    char heard[64];
    assert_int_equal(recv(manager->fd, heard, sizeof heard, MSG_DONTWAIT), -1);
}

static void tells_a_path(void **state) {
    (void)state;
    char folder[] = "/tmp/notify-XXXXXX", path[64];
    struct manager manager;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    listen_on(&manager, path);
    assert_int_equal(notify_send(manager.address, "READY=1", NULL), ERR_OK);
    hears(&manager, "READY=1");
    assert_int_equal(notify_send(manager.address, "STOPPING=1", NULL), ERR_OK);
    hears(&manager, "STOPPING=1");
    hears_nothing(&manager);
    close(manager.fd);
    unlink(path);
    rmdir(folder);
}

static void tells_an_abstract_name(void **state) {
    (void)state;
    char address[64];
    struct manager manager;
    snprintf(address, sizeof address, "@plateia-test-notify-%d", (int)getpid());
    listen_on(&manager, address);
    assert_int_equal(notify_send(manager.address, "READY=1", NULL), ERR_OK);
    hears(&manager, "READY=1");
    close(manager.fd);
}

static void nobody_listens(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(notify_send(NULL, "READY=1", &err), ERR_OK);
    assert_int_equal(notify_send("", "READY=1", &err), ERR_OK);
    assert_int_equal(notify_send("/nowhere/at/all", "READY=1", &err), ERR_SYSTEM);
    assert_non_null(strstr(err.text, "service manager"));
}

static void refuses_what_is_no_address(void **state) {
    (void)state;
    static const char *const wrong[] = {"relative/path", "vsock:2:1234", "@", "/"};
    struct err err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        enum err_code code = notify_send(wrong[i], "READY=1", &err);
        if (code != ERR_INVALID) fail_msg("\"%s\" gave %s", wrong[i], err_name(code));
    }
}

/* A path may fill the name but for its closing zero, an abstract name all of it. */
static void knows_the_longest_names(void **state) {
    (void)state;
    char longest[110];
    struct manager manager;
    snprintf(longest, sizeof longest, "@%d-%0100d", (int)getpid() % 100000, 0);
    longest[108] = '\0';
    size_t len = strlen(longest);
    memset(longest + len, 'x', 108 - len);
    longest[108] = '\0';
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, longest, 108);
    name.sun_path[0] = '\0';
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(manager.fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(notify_send(longest, "READY=1", NULL), ERR_OK);
    hears(&manager, "READY=1");
    close(manager.fd);
    longest[0] = '/';
    assert_int_equal(notify_send(longest, "READY=1", NULL), ERR_INVALID);
    longest[107] = '\0';
    assert_int_equal(notify_send(longest, "READY=1", NULL), ERR_SYSTEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_path),
        cmocka_unit_test(tells_an_abstract_name),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(knows_the_longest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
