/* admin.c -- the operators' own small daemon.
 *
 * A thread of the library's, so that it answers while every worker is stuck. What is said at once is said in
 * the library's first call for a request, which closes the connection and reads no body: asked a few times a
 * minute, that is no cost, and leaves nothing to keep between calls. Uploads are few at a time, for the
 * memory. An order's connection is suspended while the order's thread works; it is suspended under the lock
 * under which that thread resumes it, and nothing may be suspended when the library is stopped.
 *
 * What may be asked stands in admin_desk.c, who may ask in admin_gate.c; here is what knows the library. */

#include "admin.h"
#include "../base/buf.h"
#include "address.h"
#include "admin_answer.h"
#include "admin_desk.h"
#include "admin_gate.h"
#include "admin_order.h"
#include "admin_upload.h"
#include "assets.h"
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS       64
#define CONNECTION_MEMORY 8192
#define TIMEOUT_S         10
#define UPLOADS           4
#define ORDERS            4
#define LOOKS             2 /* of those, what changes nothing */
#define FLAGS             (MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME)

/* What is not answered at once, from its head to its answer. */
struct post {
    bool is_order;
    struct admin_upload upload;
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
    struct admin_gate gate;
    unsigned port;
};

unsigned admin_port(const struct admin *admin) {
    return admin->port;
}

/* ---- answers ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    MHD_add_response_header(response, name, value);
}

static enum MHD_Result queue(struct MHD_Connection *mhd, unsigned status, struct MHD_Response *response) {
    add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Referrer-Policy", "no-referrer");
    enum MHD_Result queued = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Takes the answer's body. */
static enum MHD_Result give(struct MHD_Connection *mhd, struct admin_answer *answer) {
    size_t len = 0;
    char *bytes = buf_take(&answer->body, &len);
    if (!bytes) return MHD_NO;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(len, bytes, free);
    if (!response) {
        free(bytes);
        return MHD_NO;
    }
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type ? answer->type : "application/json");
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer->allow) add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    if (answer->status == MHD_HTTP_UNAUTHORIZED)
        add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"plateia\"");
    return queue(mhd, answer->status, response);
}

/* A file of the page; the library only reads it, whatever its parameter's type. */
static enum MHD_Result give_file(struct MHD_Connection *mhd, const struct assets_found *found) {
    struct header headers[ASSETS_HEADERS];
    size_t count = assets_headers(found, headers), len = found->unchanged ? 0 : found->len;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)found->bytes, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    for (size_t i = 0; i < count; i++)
        add_header(response, headers[i].name, headers[i].value);
    return queue(mhd, found->unchanged ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static enum MHD_Result refuse(struct MHD_Connection *mhd, unsigned status, const char *why) {
    struct admin_answer answer = {0};
    admin_answer_refuse(&answer, status, why);
    return give(mhd, &answer);
}

static const char *header_of(struct MHD_Connection *mhd, const char *name) {
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

/* ---- uploads ---- */

static const char *adapter_of(struct MHD_Connection *mhd) {
    return MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, "adapter");
}

/* What is refused by its head has its body not read. */
static enum MHD_Result begin_upload(struct admin *admin, struct MHD_Connection *mhd, void **context) {
    const char *why = NULL, *length = header_of(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned status = admin_upload_refuses(adapter_of(mhd), length, &why);
    if (status) return refuse(mhd, status, why);
    if (admin->uploads == UPLOADS)
        return refuse(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "Other files are being sent.");
    *context = calloc(1, sizeof(struct post));
    if (!*context) return MHD_NO;
    admin->uploads++;
    return MHD_YES;
}

static enum MHD_Result end_upload(struct admin *admin, struct MHD_Connection *mhd, struct post *post) {
    struct admin_answer answer = {0};
    admin_upload_end(&post->upload, &admin->view, adapter_of(mhd), &answer);
    return give(mhd, &answer);
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

/* What only looks, a page that is open does all the time: it leaves room for what changes something. */
static bool is_crowded(const struct admin *admin, const struct admin_duty *duty) {
    return admin->orders == ORDERS || (!duty->post && admin->orders >= LOOKS);
}

static enum MHD_Result begin_order(struct admin *admin, struct MHD_Connection *mhd,
                                   const struct admin_duty *duty, void **context) {
    struct admin_order order = {.view = &admin->view, .kind = duty->order, .done = wake};
    struct taking taking = {.order = &order};
    MHD_get_connection_values(mhd, MHD_GET_ARGUMENT_KIND, take_argument, &taking);
    if (!taking.wrong) taking.wrong = admin_order_lacks(&order);
    if (taking.wrong) return refuse(mhd, MHD_HTTP_BAD_REQUEST, taking.wrong);
    if (is_crowded(admin, duty))
        return refuse(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, "Others are being carried out.");
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
    return refuse(post->mhd, MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
}

/* Called when it has all arrived, and again when it has been carried out. */
static enum MHD_Result go_on_with_order(struct admin *admin, struct post *post) {
    if (!post->started) return start_order(admin, post);
    struct admin_answer answer = {.status = post->order.status, .body = post->order.body};
    post->order.body = (struct buf){0};
    return give(post->mhd, &answer);
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

/* ---- every request ---- */

/* An order has no body: what came is dropped. */
static enum MHD_Result on_post(struct admin *admin, struct MHD_Connection *mhd, struct post *post,
                               const char *bytes, size_t *size) {
    if (*size == 0) return post->is_order ? go_on_with_order(admin, post) : end_upload(admin, mhd, post);
    if (!post->is_order) admin_upload_take(&post->upload, bytes, *size);
    *size = 0;
    return MHD_YES;
}

static unsigned refused(const struct admin *admin, struct MHD_Connection *mhd, bool open, bool changes,
                        const char **ret_why) {
    char peer[ADDRESS_TEXT_SIZE] = "";
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info) address_text(info->client_addr, peer);
    struct admin_caller caller = {.host = header_of(mhd, MHD_HTTP_HEADER_HOST),
                                  .authorization = header_of(mhd, MHD_HTTP_HEADER_AUTHORIZATION),
                                  .sign = header_of(mhd, "X-Plateia-Admin"),
                                  .peer = peer};
    return admin_gate_refuses(&admin->gate, &caller, open, changes, ret_why);
}

static bool find_file(const struct admin *admin, struct MHD_Connection *mhd, const char *url,
                      struct assets_found *ret) {
    char query[24] = "";
    const char *language = MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, "lang");
    if (language) snprintf(query, sizeof query, "lang=%s", language);
    struct assets_question question = {.path = url,
                                       .query = query,
                                       .accept_language = header_of(mhd, MHD_HTTP_HEADER_ACCEPT_LANGUAGE),
                                       .accept_encoding = header_of(mhd, MHD_HTTP_HEADER_ACCEPT_ENCODING),
                                       .if_none_match = header_of(mhd, MHD_HTTP_HEADER_IF_NONE_MATCH)};
    return assets_find(admin->view.page, &question, ret);
}

static enum MHD_Result do_duty(struct admin *admin, struct MHD_Connection *mhd, const struct admin_duty *duty,
                               void **context) {
    struct admin_answer answer = {0};
    switch (duty->work) {
    case ADMIN_ORDER: return begin_order(admin, mhd, duty, context);
    case ADMIN_UPLOAD: return begin_upload(admin, mhd, context);
    case ADMIN_SAY: duty->say(&admin->view, &answer); break;
    }
    return give(mhd, &answer);
}

/* There is nothing at this path, or not by this method. */
static enum MHD_Result do_nothing(struct MHD_Connection *mhd, const char *allow) {
    struct admin_answer answer = {.allow = allow};
    if (allow)
        admin_answer_refuse(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed");
    else
        admin_answer_refuse(&answer, MHD_HTTP_NOT_FOUND, "Not Found");
    return give(mhd, &answer);
}

/* The page's files tell nothing of this server: whoever asks may have them. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *size, void **context) {
    struct admin *admin = ctx;
    struct assets_found file;
    const char *allow = NULL, *why = NULL;
    (void)version;
    if (*context) return on_post(admin, mhd, *context, bytes, size);
    const struct admin_duty *duty = admin_desk_find(&admin->view, url, method, &allow);
    bool is_file = !duty && !allow && find_file(admin, mhd, url, &file);
    bool gets = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    unsigned status = refused(admin, mhd, is_file || (duty && duty->open), duty && duty->post, &why);
    if (status) return refuse(mhd, status, why);
    if (duty) return do_duty(admin, mhd, duty, context);
    if (is_file && gets) return give_file(mhd, &file);
    return do_nothing(mhd, is_file ? "GET, HEAD" : allow);
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
    buf_done(&post->upload.body);
    free(post);
    *context = NULL;
}

enum err_code admin_new(struct admin **ret, const char *host_port, const char *token, struct admin_view view,
                        struct err *err) {
    int fd;
    enum err_code code = admin_gate_check(host_port, token, err);
    if (code != ERR_OK) return code;
    struct admin *admin = calloc(1, sizeof(*admin));
    if (!admin) return err_set(err, ERR_NO_MEMORY, "no memory for the admin listener");
    pthread_mutex_init(&admin->lock, NULL);
    pthread_cond_init(&admin->changed, NULL);
    code = address_listen(&fd, host_port, false, &admin->port, err);
    if (code != ERR_OK) goto out;
    admin_gate_init(&admin->gate, host_port, token);
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
