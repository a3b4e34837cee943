#ifndef PLATEIA_HTTP_ADMIN_UPLOAD_H
#define PLATEIA_HTTP_ADMIN_UPLOAD_H

/* admin_upload.h -- a file that an operator sends to be imported, from its head to its end. Knows nothing of
 * the library that brings it. */

#include "../base/buf.h"
#include "admin.h"
#include "admin_answer.h"
#include <stdbool.h>

struct admin_upload {
    struct buf body; /* the owner's, who frees it */
    bool too_large;
};

/* What can be refused by the head alone: the status and why (static text), or 0. `adapter` and `length` are
 * as they were sent; NULL: they were not. */
unsigned admin_upload_refuses(const char *adapter, const char *length, const char **ret_why);
void admin_upload_take(struct admin_upload *upload, const char *bytes, size_t len);
/* All of it has come: hands it to the view, and says what became of it. */
void admin_upload_end(struct admin_upload *upload, const struct admin_view *view, const char *adapter,
                      struct admin_answer *ret);

#endif
