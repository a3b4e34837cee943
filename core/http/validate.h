#ifndef PLATEIA_HTTP_VALIDATE_H
#define PLATEIA_HTTP_VALIDATE_H

/* validate.h -- refuses heads that two servers could read in two ways (request smuggling, RFC 9112
 * section 11.2), as the library beneath does not. Pure: looks at method, version and header list, touches no
 * socket. */

#include "../exchange/request.h"

struct validate_head {
    const char *method, *version, *target;
    const struct header *headers;
    size_t header_count;
    size_t body_limit;
};

/* 0 when the head is fine; else the status to answer with (400, 411, 413, 414, 417, 501, 505) and
 * *ret_detail, a sentence that says what to do. */
int validate_head(const struct validate_head *head, const char **ret_detail);

#endif
