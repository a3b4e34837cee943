/* validate.c -- which heads are let in.
 *
 * The library beneath is generous: it takes the first of two Content-Lengths, lets Transfer-Encoding win over
 * both, joins folded lines to the name before them, reads a name with a space as a name, and ends a head at a
 * line that begins with a colon. A proxy before us may read the same bytes the other way, and then one
 * request hides in another. So what has two readings is refused, and a refusal closes the connection,
 * whatever follows on it. Transfer-Encoding is refused altogether: endless chunks could not be answered
 * before they end. */

#include "validate.h"
#include "../base/text.h"
#include <string.h>
#include <strings.h>

#define TARGET_LIMIT 8192

struct counts {
    const char *host, *length;
    unsigned hosts, lengths;
};

static int refuse(int status, const char *detail, const char **ret_detail) {
    *ret_detail = detail;
    return status;
}

static int check_target(const char *target, const char **ret_detail) {
    if (strlen(target) > TARGET_LIMIT) return refuse(414, "Use a shorter path and query.", ret_detail);
    for (const unsigned char *at = (const unsigned char *)target; *at; at++)
        if (*at <= ' ' || *at == 0x7f || *at == '#')
            return refuse(400, "Percent-encode spaces, control characters and '#' in the request target.",
                          ret_detail);
    if (target[0] != '/' && strncasecmp(target, "http://", 7) != 0 && strncasecmp(target, "https://", 8) != 0)
        return refuse(400, "Send a request target that is a path starting with '/'.", ret_detail);
    return 0;
}

/* Most headers mean nothing here, and their first letter shows it. */
static int check_meaning(const struct header *header, struct counts *counts, const char **ret_detail) {
    switch (header->name[0] | 0x20) {
    case 't':
        if (text_equal_nocase(header->name, "Transfer-Encoding"))
            return refuse(411, "Send a Content-Length; Transfer-Encoding is not taken.", ret_detail);
        break;
    case 'e':
        if (text_equal_nocase(header->name, "Expect") && !text_equal_nocase(header->value, "100-continue"))
            return refuse(417, "Expect nothing but 100-continue.", ret_detail);
        break;
    case 'h':
        if (!text_equal_nocase(header->name, "Host")) break;
        counts->host = header->value;
        counts->hosts++;
        break;
    case 'c':
        if (!text_equal_nocase(header->name, "Content-Length")) break;
        counts->length = header->value;
        counts->lengths++;
        break;
    default: break;
    }
    return 0;
}

static int check_header(const struct header *header, struct counts *counts, const char **ret_detail) {
    if (!header_name_ok(header->name))
        return refuse(400, "Send header names without spaces or special characters, one header a line.",
                      ret_detail);
    if (!header_value_ok(header->value))
        return refuse(400, "Send header values without control characters.", ret_detail);
    return check_meaning(header, counts, ret_detail);
}

/* What RFC 3986 lets stand in host and port; a list or a user's name is neither. */
static bool host_ok(const char *host) {
    const char *at = host;
    while ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
           (*at && strchr("-._~!$&'()*+;=%:[]", *at)))
        at++;
    return *at == '\0';
}

static int check_host(const struct counts *counts, bool required, const char **ret_detail) {
    if (counts->hosts > 1 || (required && counts->hosts == 0))
        return refuse(400, "Send exactly one Host header.", ret_detail);
    if (counts->hosts == 1 && !host_ok(counts->host))
        return refuse(400, "Send a Host header that is a host and perhaps a port.", ret_detail);
    return 0;
}

static int check_length(const struct counts *counts, size_t limit, const char **ret_detail) {
    size_t length = 0;
    if (counts->lengths == 0) return 0;
    if (counts->lengths > 1) return refuse(400, "Send exactly one Content-Length header.", ret_detail);
    if (counts->length[0] == '\0' || counts->length[strspn(counts->length, "0123456789")] != '\0')
        return refuse(400, "Send a Content-Length of digits alone.", ret_detail);
    for (const char *at = counts->length; *at && length <= limit; at++)
        length = length > SIZE_MAX / 10 - 1 ? SIZE_MAX : length * 10 + (size_t)(*at - '0');
    if (length > limit) return refuse(413, "Send a smaller body.", ret_detail);
    return 0;
}

int validate_head(const struct validate_head *head, const char **ret_detail) {
    bool modern = strcmp(head->version, "HTTP/1.1") == 0;
    struct counts counts = {0};
    if (!modern && strcmp(head->version, "HTTP/1.0") != 0)
        return refuse(505, "Use HTTP/1.1 or HTTP/1.0.", ret_detail);
    int status = check_target(head->target, ret_detail);
    for (size_t i = 0; i < head->header_count && status == 0; i++)
        status = check_header(&head->headers[i], &counts, ret_detail);
    if (status == 0) status = check_host(&counts, modern, ret_detail);
    if (status == 0) status = check_length(&counts, head->body_limit, ret_detail);
    if (status == 0 && method_from(head->method) == METHOD_COUNT)
        status = refuse(501, "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.", ret_detail);
    return status;
}

/* METHOD 0 TARGET 0 HTTP/1.1 0 0 */
static bool is_request_line(const struct validate_bytes *head) {
    static const size_t version_len = sizeof("HTTP/1.1") - 1;
    size_t before = strnlen(head->bytes, head->len) + 1 + head->target_len + 1;
    return head->len >= before + version_len + 2 && head->version == head->bytes + before &&
           head->version[version_len] == '\0' && head->version[version_len + 1] == '\0';
}

/* NAME 0 VALUE 0 0. Returns what is behind it, or NULL. */
static const char *skip_header(const char *at, const char *end) {
    if (*at == '\0' || *at == ' ' || *at == '\t') return NULL;
    at += strnlen(at, (size_t)(end - at));
    if (at < end) at++;
    at += strnlen(at, (size_t)(end - at));
    return end - at >= 2 && at[1] == '\0' ? at + 2 : NULL;
}

int validate_lines(const struct validate_bytes *head, const char **ret_detail) {
    static const char detail[] = "Begin each line with a header's name, end it with CR LF, and send no NUL.";
    if (!is_request_line(head)) return refuse(400, detail, ret_detail);
    const char *at = head->version + sizeof("HTTP/1.1") + 1, *end = head->bytes + head->len;
    while (at && end - at > 2)
        at = skip_header(at, end);
    bool is_over = at && end - at == 2 && at[0] == '\0' && at[1] == '\0';
    return is_over ? 0 : refuse(400, detail, ret_detail);
}
