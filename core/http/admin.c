/* admin.c -- the operators' own small daemon.
 *
 * A thread of the library's, so that it answers while every worker is stuck. All but an upload is answered in
 * the library's first call for a request, which closes the connection and reads no body: asked a few times a
 * minute, that is no cost, and leaves nothing to keep between calls. Uploads are few at a time, for the
 * memory.
 *
 * The Host allow-list is against pages in the operator's own browser: a name that its owner lets point to
 * 127.0.0.1 reaches this port, but carries itself in Host. */

#include "admin.h"
#include "../base/buf.h"
#include "../base/text.h"
#include "address.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS       64
#define CONNECTION_MEMORY 8192
#define TIMEOUT_S         10
#define UPLOADS           4

struct upload {
    struct buf body;
    bool too_large;
};

struct admin {
    struct MHD_Daemon *daemon;
    unsigned uploads; /* under way; one that broke off counts until its timeout */
    struct admin_view view;
    struct address bound;
    unsigned port;
};

unsigned admin_port(const struct admin *admin) {
    return admin->port;
}

static bool is_loopback(const char *host) {
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
    return text_equal_nocase(host, "localhost");
}

static bool host_allowed(const struct admin *admin, const char *host) {
    struct address named;
    if (!host || !address_split(host, &named)) return false;
    return is_loopback(named.host) || text_equal_nocase(named.host, admin->bound.host);
}

/* `body` is ours to free. `allow` is said with a 405. */
static enum MHD_Result answer_allow(struct MHD_Connection *mhd, unsigned status, struct buf *body,
                                    const char *allow) {
    size_t len = 0;
    char *bytes = buf_take(body, &len);
    if (!bytes) return MHD_NO;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(len, bytes, free);
    if (!response) {
        free(bytes);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    enum MHD_Result queued = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer(struct MHD_Connection *mhd, unsigned status, struct buf *body) {
    return answer_allow(mhd, status, body, "GET, HEAD");
}

/* {"NAME":"TEXT"}, and a reason beside it when there is one. */
static enum MHD_Result say(struct MHD_Connection *mhd, unsigned status, const char *name, const char *text,
                           const char *reason) {
    struct buf body = {0};
    buf_addf(&body, "{\"%s\":", name);
    buf_add_json(&body, text, strlen(text));
    if (reason) {
        buf_add_str(&body, ",\"reason\":");
        buf_add_json(&body, reason, strlen(reason));
    }
    buf_add_char(&body, '}');
    return answer(mhd, status, &body);
}

static enum MHD_Result say_ready(const struct admin *admin, struct MHD_Connection *mhd) {
    const char *reason = NULL;
    if (admin->view.ready(admin->view.ctx, &reason)) return say(mhd, MHD_HTTP_OK, "status", "ready", NULL);
    return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "status", "not ready", reason ? reason : "not known");
}

static bool is_get(const char *method) {
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* ---- import ---- */

static enum MHD_Result say_import(const struct admin *admin, struct MHD_Connection *mhd, unsigned status) {
    struct buf body = {0};
    admin->view.import_state(admin->view.ctx, &body);
    return answer(mhd, status, &body);
}

static bool is_near(struct MHD_Connection *mhd) {
    char peer[ADDRESS_TEXT_SIZE];
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info) return false;
    address_text(info->client_addr, peer);
    return is_loopback(peer);
}

static const char *header_of(struct MHD_Connection *mhd, const char *name) {
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

static const char *adapter_of(struct MHD_Connection *mhd) {
    return MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, "adapter");
}

/* What can be refused by the head alone is, and its body is not read. */
static enum MHD_Result begin_upload(struct admin *admin, struct MHD_Connection *mhd, void **context) {
    const char *sign = header_of(mhd, "X-Plateia-Admin"), *adapter = adapter_of(mhd);
    const char *length = header_of(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!sign || strcmp(sign, "1") != 0)
        return say(mhd, MHD_HTTP_FORBIDDEN, "detail", "The header X-Plateia-Admin: 1 is missing.", NULL);
    if (!is_near(mhd))
        return say(mhd, MHD_HTTP_FORBIDDEN, "detail", "Ask from the machine that the server runs on.", NULL);
    if (!adapter || !*adapter)
        return say(mhd, MHD_HTTP_BAD_REQUEST, "detail", "Name an adapter: ?adapter=NAME.", NULL);
    if (length && strtoull(length, NULL, 10) > ADMIN_BODY_MAX)
        return say(mhd, MHD_HTTP_CONTENT_TOO_LARGE, "detail", "The file is larger than 16 MiB.", NULL);
    if (admin->uploads == UPLOADS)
        return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", "Other files are being sent.", NULL);
    *context = calloc(1, sizeof(struct upload));
    if (!*context) return MHD_NO;
    admin->uploads++;
    return MHD_YES;
}

static enum MHD_Result go_on(struct upload *upload, const char *bytes, size_t *size) {
    if (upload->body.len + *size > ADMIN_BODY_MAX)
        upload->too_large = true;
    else
        buf_add(&upload->body, bytes, *size);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result end_upload(struct admin *admin, struct MHD_Connection *mhd, struct upload *upload) {
    struct err err = {0};
    size_t len = 0;
    if (upload->too_large)
        return say(mhd, MHD_HTTP_CONTENT_TOO_LARGE, "detail", "The file is larger than 16 MiB.", NULL);
    if (upload->body.failed) return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", "out of memory", NULL);
    char *body = buf_take(&upload->body, &len);
    switch (admin->view.import(admin->view.ctx, adapter_of(mhd), body, len, &err)) {
    case ERR_OK: return say_import(admin, mhd, MHD_HTTP_ACCEPTED);
    case ERR_BUSY: return say(mhd, MHD_HTTP_CONFLICT, "detail", err.text, NULL);
    case ERR_INVALID: return say(mhd, MHD_HTTP_BAD_REQUEST, "detail", err.text, NULL);
    default: return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", err.text, NULL);
    }
}

static enum MHD_Result on_import(struct admin *admin, struct MHD_Connection *mhd, const char *method,
                                 void **context) {
    struct buf body = {0};
    if (is_get(method)) return say_import(admin, mhd, MHD_HTTP_OK);
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0) return begin_upload(admin, mhd, context);
    buf_add_str(&body, "{\"detail\":\"Method Not Allowed\"}");
    return answer_allow(mhd, MHD_HTTP_METHOD_NOT_ALLOWED, &body, "GET, HEAD, POST");
}

/* ---- every request ---- */

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *size, void **context) {
    struct admin *admin = ctx;
    (void)version;
    if (*context) return *size ? go_on(*context, bytes, size) : end_upload(admin, mhd, *context);
    if (!host_allowed(admin, header_of(mhd, MHD_HTTP_HEADER_HOST)))
        return say(mhd, MHD_HTTP_FORBIDDEN, "detail", "Ask by a loopback address or localhost.", NULL);
    if (strcmp(url, "/import") == 0 && admin->view.import) return on_import(admin, mhd, method, context);
    bool live = strcmp(url, "/live") == 0;
    if (!live && strcmp(url, "/ready") != 0) return say(mhd, MHD_HTTP_NOT_FOUND, "detail", "Not Found", NULL);
    if (!is_get(method)) return say(mhd, MHD_HTTP_METHOD_NOT_ALLOWED, "detail", "Method Not Allowed", NULL);
    return live ? say(mhd, MHD_HTTP_OK, "status", "live", NULL) : say_ready(admin, mhd);
}

static void on_completed(void *ctx, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode why) {
    struct admin *admin = ctx;
    (void)mhd;
    (void)why;
    struct upload *upload = *context;
    if (!upload) return;
    buf_done(&upload->body);
    free(upload);
    admin->uploads--;
    *context = NULL;
}

enum err_code admin_new(struct admin **ret, const char *host_port, struct admin_view view, struct err *err) {
    int fd;
    struct admin *admin = calloc(1, sizeof(*admin));
    if (!admin) return err_set(err, ERR_NO_MEMORY, "no memory for the admin listener");
    enum err_code code = address_listen(&fd, host_port, false, &admin->port, err);
    if (code != ERR_OK) goto out;
    address_split(host_port, &admin->bound);
    admin->view = view;
    admin->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request, admin, /* */
                         MHD_OPTION_LISTEN_SOCKET, fd,                                                  /* */
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,                            /* */
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,                 /* */
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,                            /* */
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, admin,                              /* */
                         MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
    if (!admin->daemon) code = err_set(err, ERR_SYSTEM, "libmicrohttpd does not start: %s", strerror(errno));
out:
    if (code == ERR_OK)
        *ret = admin;
    else
        admin_free(admin);
    return code;
}

void admin_free(struct admin *admin) {
    if (!admin) return;
    if (admin->daemon) MHD_stop_daemon(admin->daemon);
    free(admin);
}
