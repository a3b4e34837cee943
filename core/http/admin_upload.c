/* admin_upload.c -- gathers the bytes, as far as they may be. */

#include "admin_upload.h"
#include <stdlib.h>

static const char too_large[] = "The file is larger than 16 MiB.";

unsigned admin_upload_refuses(const char *adapter, const char *length, const char **ret_why) {
    *ret_why = "Name an adapter: ?adapter=NAME.";
    if (!adapter || !*adapter) return 400;
    *ret_why = too_large;
    return length && strtoull(length, NULL, 10) > ADMIN_BODY_MAX ? 413 : 0;
}

void admin_upload_take(struct admin_upload *upload, const char *bytes, size_t len) {
    if (upload->body.len + len > ADMIN_BODY_MAX)
        upload->too_large = true;
    else
        buf_add(&upload->body, bytes, len);
}

static unsigned status_of(enum err_code code) {
    switch (code) {
    case ERR_BUSY: return 409;
    case ERR_INVALID: return 400;
    default: return 503;
    }
}

void admin_upload_end(struct admin_upload *upload, const struct admin_view *view, const char *adapter,
                      struct admin_answer *ret) {
    struct err err = {0};
    size_t len = 0;
    if (upload->too_large || upload->body.failed) {
        admin_answer_refuse(ret, upload->too_large ? 413 : 503,
                            upload->too_large ? too_large : "out of memory");
        return;
    }
    char *body = buf_take(&upload->body, &len);
    enum err_code code = view->import(view->ctx, adapter, body, len, &err);
    ret->status = 202;
    if (code == ERR_OK)
        view->import_state(view->ctx, &ret->body);
    else
        admin_answer_refuse(ret, status_of(code), err.text);
}
