/* commands.c -- the commands that are not `serve`: each does its one thing and ends. */

#include "commands.h"
#include "base/buf.h"
#include "base/log.h"
#include "foundation.h"
#include "worker.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int command_failed(const char *what, const struct err *err) {
    log_event(LOG_ERROR, what, log_text("code", err_name(err->code)), log_text("reason", err->text));
    return 1;
}

/* ---- settings, migrate ---- */

int command_settings(const struct command_call *call) {
    struct buf text = {0};
    settings_print(call->settings, &text);
    if (text.data) fputs(text.data, stdout);
    buf_done(&text);
    return 0;
}

int command_migrate(const struct command_call *call) {
    struct foundation foundation;
    struct err err = {0};
    enum err_code code = foundation_database(&foundation, call->settings, true, NULL, &err);
    foundation_close(&foundation);
    return code == ERR_OK ? 0 : command_failed("the schema could not be brought up to date", &err);
}

/* ---- import ---- */

/* A bar that redraws itself on a terminal; a line per step elsewhere. */
static void show_progress(long done, long total, const char *what) {
    bool terminal = isatty(STDERR_FILENO);
    fprintf(stderr, terminal ? "\r%s: %ld of %ld" : "%s: %ld of %ld\n", what, done, total);
    if (terminal && done >= total) fputc('\n', stderr);
}

static enum err_code read_input(const char *path, struct buf *ret, struct err *err) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) return err_system(err, path);
    size_t n = 1;
    while (n > 0 && buf_reserve(ret, 65536)) {
        n = fread(ret->data + ret->len, 1, 65536, file);
        ret->len += n;
        ret->data[ret->len] = '\0';
    }
    enum err_code code = ferror(file) || ret->failed ? err_system(err, path) : ERR_OK;
    if (file != stdin) fclose(file);
    return code;
}

static enum err_code run_import(const struct foundation *foundation, const char *const *args, int count,
                                struct buf *report, struct err *err) {
    struct worker *worker = NULL;
    enum err_code code = worker_new(&worker, foundation, err);
    if (code == ERR_OK) code = worker_job(worker, JOB_IMPORT, args, count, report, err);
    worker_free(worker);
    return code;
}

int command_import(const struct command_call *call) {
    struct foundation foundation = {0};
    struct buf input = {0}, report = {0};
    struct err err = {0};
    const char *args[2] = {call->words[0]};
    enum err_code code;
    if (call->word_count > 1) {
        if ((code = read_input(call->words[1], &input, &err)) != ERR_OK) goto out;
        args[1] = input.data;
    }
    if ((code = foundation_database(&foundation, call->settings, true, NULL, &err)) != ERR_OK) goto out;
    foundation.progress = show_progress;
    if ((code = foundation_services(&foundation, &err)) != ERR_OK) goto out;
    code = run_import(&foundation, args, call->word_count > 1 ? 2 : 1, &report, &err);
out:
    foundation_close(&foundation);
    if (code == ERR_OK && report.data) puts(report.data);
    buf_done(&input), buf_done(&report);
    return code == ERR_OK ? 0 : command_failed("the import failed", &err);
}

/* ---- ready ---- */

static int connect_to(const char *host_port) {
    char host[256];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval patience = {.tv_sec = 3};
    const char *colon = strrchr(host_port, ':');
    if (!colon || (size_t)(colon - host_port) >= sizeof host) return -1;
    snprintf(host, sizeof host, "%.*s", (int)(colon - host_port), host_port);
    if (getaddrinfo(strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : host, colon + 1, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) close(fd), fd = -1;
    freeaddrinfo(found);
    return fd;
}

/* Asks the admin listener; for health checks of containers and service managers. */
int command_ready(const struct command_call *call) {
    static const char question[] = "GET /ready HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char answer[2048];
    size_t len = 0;
    int fd = connect_to(call->settings->admin_listen);
    if (fd < 0 || write(fd, question, sizeof question - 1) < 0) {
        fprintf(stderr, "plateia ready: nothing answers at %s: %s\n", call->settings->admin_listen,
                strerror(errno));
        return 1;
    }
    for (ssize_t n = 1; n > 0 && len<sizeof answer - 1; len += n> 0 ? (size_t)n : 0)
        n = read(fd, answer + len, sizeof answer - 1 - len);
    close(fd);
    answer[len] = '\0';
    const char *body = strstr(answer, "\r\n\r\n");
    puts(body ? body + 4 : "no answer");
    return strstr(answer, " 200 ") && strncmp(answer, "HTTP/1.", 7) == 0 ? 0 : 1;
}
