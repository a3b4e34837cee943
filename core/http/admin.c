/* admin.c -- the operators' own small daemon.
 *
 * A thread of the library's, so that it answers while every worker is stuck. All but a POST is answered in
 * the library's first call for a request, which closes the connection and reads no body: asked a few times a
 * minute, that is no cost, and leaves nothing to keep between calls. Uploads are few at a time, for the
 * memory. An order's connection is suspended while the order's thread works; it is suspended under the lock
 * under which that thread resumes it, and nothing may be suspended when the library is stopped.
 *
 * The Host allow-list is against pages in the operator's own browser: a name that its owner lets point to
 * 127.0.0.1 reaches this port, but carries itself in Host. */

#include "admin.h"
#include "../base/buf.h"
#include "../base/exposition.h"
#include "../base/text.h"
#include "address.h"
#include "admin_order.h"
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
#define ORDERS            4
#define FLAGS             (MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME)

/* One POST, from its head to its answer. */
struct post {
    bool is_order;
    /* an upload's */
    struct buf body;
    bool too_large;
    /* an order's */
    struct admin *admin;
    struct MHD_Connection *mhd;
    struct admin_order order;
    bool started;
};

struct admin {
    struct MHD_Daemon *daemon;
    unsigned uploads, orders; /* under way; one that broke off counts until its timeout */
    pthread_mutex_t lock;     /* of the next two, and see above */
    pthread_cond_t changed;
    unsigned running; /* orders that were started and are not answered */
    bool closing;
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
static enum MHD_Result answer_as(struct MHD_Connection *mhd, unsigned status, struct buf *body,
                                 const char *type, const char *allow) {
    size_t len = 0;
    char *bytes = buf_take(body, &len);
    if (!bytes) return MHD_NO;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(len, bytes, free);
    if (!response) {
        free(bytes);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    enum MHD_Result queued = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer_allow(struct MHD_Connection *mhd, unsigned status, struct buf *body,
                                    const char *allow) {
    return answer_as(mhd, status, body, "application/json", allow);
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

/* Why this client may not change anything, or NULL. */
static const char *distrust(struct MHD_Connection *mhd) {
    const char *sign = header_of(mhd, "X-Plateia-Admin");
    if (!sign || strcmp(sign, "1") != 0) return "The header X-Plateia-Admin: 1 is missing.";
    return is_near(mhd) ? NULL : "Ask from the machine that the server runs on.";
}

/* What can be refused by the head alone is, and its body is not read. */
static enum MHD_Result begin_upload(struct admin *admin, struct MHD_Connection *mhd, void **context) {
    const char *why = distrust(mhd), *adapter = adapter_of(mhd);
    const char *length = header_of(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (why) return say(mhd, MHD_HTTP_FORBIDDEN, "detail", why, NULL);
    if (!adapter || !*adapter)
        return say(mhd, MHD_HTTP_BAD_REQUEST, "detail", "Name an adapter: ?adapter=NAME.", NULL);
    if (length && strtoull(length, NULL, 10) > ADMIN_BODY_MAX)
        return say(mhd, MHD_HTTP_CONTENT_TOO_LARGE, "detail", "The file is larger than 16 MiB.", NULL);
    if (admin->uploads == UPLOADS)
        return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", "Other files are being sent.", NULL);
    *context = calloc(1, sizeof(struct post));
    if (!*context) return MHD_NO;
    admin->uploads++;
    return MHD_YES;
}

static enum MHD_Result go_on(struct post *upload, const char *bytes, size_t *size) {
    if (upload->body.len + *size > ADMIN_BODY_MAX)
        upload->too_large = true;
    else
        buf_add(&upload->body, bytes, *size);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result end_upload(struct admin *admin, struct MHD_Connection *mhd, struct post *upload) {
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

static bool is_post(const char *method) {
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
}

static enum MHD_Result refuse_method(struct MHD_Connection *mhd, const char *allow) {
    struct buf body = {0};
    buf_add_str(&body, "{\"detail\":\"Method Not Allowed\"}");
    return answer_allow(mhd, MHD_HTTP_METHOD_NOT_ALLOWED, &body, allow);
}

static enum MHD_Result on_import(struct admin *admin, struct MHD_Connection *mhd, const char *method,
                                 void **context) {
    if (is_get(method)) return say_import(admin, mhd, MHD_HTTP_OK);
    if (is_post(method)) return begin_upload(admin, mhd, context);
    return refuse_method(mhd, "GET, HEAD, POST");
}

/* ---- orders ---- */

struct taking {
    struct admin_order *order;
    const char *wrong;
};

static enum MHD_Result take_argument(void *ctx, enum MHD_ValueKind kind, const char *name,
                                     const char *value) {
    struct taking *taking = ctx;
    (void)kind;
    taking->wrong = admin_order_take(taking->order, name, value);
    return taking->wrong ? MHD_NO : MHD_YES;
}

/* The order's last deed: from here on the library's thread has the word again. */
static void wake(void *ctx) {
    struct post *post = ctx;
    struct admin *admin = post->admin;
    pthread_mutex_lock(&admin->lock);
    MHD_resume_connection(post->mhd);
    pthread_mutex_unlock(&admin->lock);
}

static enum MHD_Result begin_order(struct admin *admin, struct MHD_Connection *mhd, bool rollback,
                                   void **context) {
    struct admin_order order = {.view = &admin->view, .rollback = rollback, .done = wake};
    struct taking taking = {.order = &order};
    const char *why = distrust(mhd);
    if (why) return say(mhd, MHD_HTTP_FORBIDDEN, "detail", why, NULL);
    MHD_get_connection_values(mhd, MHD_GET_ARGUMENT_KIND, take_argument, &taking);
    if (taking.wrong) return say(mhd, MHD_HTTP_BAD_REQUEST, "detail", taking.wrong, NULL);
    if (admin->orders == ORDERS)
        return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", "Others are being carried out.", NULL);
    struct post *post = calloc(1, sizeof *post);
    if (!post) return MHD_NO;
    *post = (struct post){.is_order = true, .admin = admin, .mhd = mhd, .order = order};
    post->order.ctx = post;
    admin->orders++;
    *context = post;
    return MHD_YES;
}

static enum MHD_Result start_order(struct admin *admin, struct post *post) {
    struct err err = {0};
    pthread_mutex_lock(&admin->lock);
    enum err_code code = admin->closing ? err_set(&err, ERR_BUSY, "The server is shutting down.")
                                        : admin_order_start(&post->order, &err);
    if (code == ERR_OK) {
        post->started = true;
        admin->running++;
        MHD_suspend_connection(post->mhd);
    }
    pthread_mutex_unlock(&admin->lock);
    if (code == ERR_OK) return MHD_YES;
    return say(post->mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "detail", err.text, NULL);
}

/* Called when it has all arrived, and again when it has been carried out. */
static enum MHD_Result go_on_with_order(struct admin *admin, struct post *post) {
    if (!post->started) return start_order(admin, post);
    return answer(post->mhd, post->order.status, &post->order.body);
}

static void end_order(struct admin *admin, struct post *post) {
    admin->orders--;
    if (!post->started) return;
    admin_order_join(&post->order);
    buf_done(&post->order.body);
    pthread_mutex_lock(&admin->lock);
    admin->running--;
    pthread_cond_signal(&admin->changed);
    pthread_mutex_unlock(&admin->lock);
}

static enum MHD_Result on_scripts(struct admin *admin, struct MHD_Connection *mhd, const char *method) {
    struct buf body = {0};
    if (!is_get(method)) return refuse_method(mhd, "GET, HEAD");
    admin->view.scripts(admin->view.ctx, &body);
    return answer(mhd, MHD_HTTP_OK, &body);
}

static enum MHD_Result on_metrics(struct admin *admin, struct MHD_Connection *mhd, const char *method) {
    struct buf body = {0};
    if (!is_get(method)) return refuse_method(mhd, "GET, HEAD");
    admin->view.metrics(admin->view.ctx, &body);
    return answer_as(mhd, MHD_HTTP_OK, &body, EXPOSITION_TYPE, NULL);
}

static enum MHD_Result on_order(struct admin *admin, struct MHD_Connection *mhd, const char *method,
                                bool rollback, void **context) {
    if (!is_post(method)) return refuse_method(mhd, "POST");
    return begin_order(admin, mhd, rollback, context);
}

/* ---- every request ---- */

static enum MHD_Result on_post(struct admin *admin, struct MHD_Connection *mhd, struct post *post,
                               const char *bytes, size_t *size) {
    if (!post->is_order) return *size ? go_on(post, bytes, size) : end_upload(admin, mhd, post);
    if (*size == 0) return go_on_with_order(admin, post);
    *size = 0; /* an order has no body: what came is dropped */
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *size, void **context) {
    struct admin *admin = ctx;
    (void)version;
    if (*context) return on_post(admin, mhd, *context, bytes, size);
    if (!host_allowed(admin, header_of(mhd, MHD_HTTP_HEADER_HOST)))
        return say(mhd, MHD_HTTP_FORBIDDEN, "detail", "Ask by a loopback address or localhost.", NULL);
    if (strcmp(url, "/import") == 0 && admin->view.import) return on_import(admin, mhd, method, context);
    if (strcmp(url, "/scripts") == 0 && admin->view.scripts) return on_scripts(admin, mhd, method);
    if (strcmp(url, "/metrics") == 0 && admin->view.metrics) return on_metrics(admin, mhd, method);
    if (strcmp(url, "/scripts/reload") == 0 && admin->view.reload)
        return on_order(admin, mhd, method, false, context);
    if (strcmp(url, "/scripts/rollback") == 0 && admin->view.rollback)
        return on_order(admin, mhd, method, true, context);
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
    struct post *post = *context;
    if (!post) return;
    if (post->is_order)
        end_order(admin, post);
    else
        admin->uploads--;
    buf_done(&post->body);
    free(post);
    *context = NULL;
}

enum err_code admin_new(struct admin **ret, const char *host_port, struct admin_view view, struct err *err) {
    int fd;
    struct admin *admin = calloc(1, sizeof(*admin));
    if (!admin) return err_set(err, ERR_NO_MEMORY, "no memory for the admin listener");
    pthread_mutex_init(&admin->lock, NULL);
    pthread_cond_init(&admin->changed, NULL);
    enum err_code code = address_listen(&fd, host_port, false, &admin->port, err);
    if (code != ERR_OK) goto out;
    address_split(host_port, &admin->bound);
    admin->view = view;
    admin->daemon = MHD_start_daemon(FLAGS, 0, NULL, NULL, on_request, admin,                       /* */
                                     MHD_OPTION_LISTEN_SOCKET, fd,                                  /* */
                                     MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,            /* */
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, /* */
                                     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,            /* */
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, admin,              /* */
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
    pthread_mutex_lock(&admin->lock);
    admin->closing = true;
    while (admin->running > 0)
        pthread_cond_wait(&admin->changed, &admin->lock);
    pthread_mutex_unlock(&admin->lock);
    if (admin->daemon) MHD_stop_daemon(admin->daemon);
    pthread_cond_destroy(&admin->changed);
    pthread_mutex_destroy(&admin->lock);
    free(admin);
}
