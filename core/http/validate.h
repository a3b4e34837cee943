#ifndef PLATEIA_HTTP_VALIDATE_H
#define PLATEIA_HTTP_VALIDATE_H

/* validate.h -- refuses heads that two servers could read in two ways (request smuggling, RFC 9112
 * section 11.2), as the library beneath does not. Pure: looks at bytes, touches no socket. */

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

/* A head's own bytes, as the library leaves them: taken apart in place, a zero for each byte that it cut at.
 */
struct validate_bytes {
    const char *bytes; /* begins with the method */
    size_t len;        /* up to the end of the blank line */
    size_t target_len; /* as sent */
    const char *version;
};

/* As validate_head (400), about what the list of headers does not show: lines that end in a line feed alone,
 * bytes of zero, folded lines, and a line without a name, at which the library believes the head to be over.
 */
int validate_lines(const struct validate_bytes *head, const char **ret_detail);

#endif
