/* proxies.c -- reading the lists that proxies write, from the back.
 *
 * What a client sends itself stands in front, so walking from the back meets the proxies' own words first,
 * and stops at the first address that nobody vouches for or that is none. */

#include "proxies.h"
#include "../base/text.h"
#include <string.h>
#include <strings.h>

struct piece {
    const char *text;
    size_t len;
};

static struct piece trim(struct piece piece) {
    while (piece.len && strchr(" \t", piece.text[0]))
        piece.text++, piece.len--;
    while (piece.len && strchr(" \t", piece.text[piece.len - 1]))
        piece.len--;
    return piece;
}

/* "for=192.0.2.7;proto=https" -> "192.0.2.7"; for="[2001:db8::1]:80" -> [2001:db8::1]:80 */
static struct piece forwarded_for(struct piece element) {
    while (element.len) {
        const char *end = memchr(element.text, ';', element.len);
        size_t len = end ? (size_t)(end - element.text) : element.len;
        struct piece part = trim((struct piece){element.text, len});
        if (part.len > 4 && strncasecmp(part.text, "for=", 4) == 0) {
            part.text += 4, part.len -= 4;
            if (part.len > 1 && part.text[0] == '"' && part.text[part.len - 1] == '"')
                part.text++, part.len -= 2;
            return part;
        }
        element.text += len + (end != NULL);
        element.len -= len + (end != NULL);
    }
    return element;
}

/* An address, perhaps in brackets, perhaps with a port. */
static bool parse_hop(struct piece hop, struct ip *ret) {
    if (hop.len && hop.text[0] == '[') {
        const char *end = memchr(hop.text, ']', hop.len);
        return end && ip_parse(hop.text + 1, (size_t)(end - hop.text) - 1, ret);
    }
    const char *colon = memchr(hop.text, ':', hop.len);
    bool port = colon && !memchr(colon + 1, ':', hop.len - (size_t)(colon + 1 - hop.text));
    return ip_parse(hop.text, port ? (size_t)(colon - hop.text) : hop.len, ret);
}

/* Goes through one header line from its back; true when the walk is over. */
static bool walk_line(const struct network *trusted, size_t count, const char *value, bool forwarded,
                      struct ip *client) {
    size_t end = strlen(value);
    for (;;) {
        size_t start = end;
        while (start > 0 && value[start - 1] != ',')
            start--;
        struct piece hop = trim((struct piece){value + start, end - start});
        struct ip ip;
        if (!parse_hop(forwarded ? forwarded_for(hop) : hop, &ip)) return true;
        *client = ip;
        if (!networks_hold(trusted, count, &ip)) return true;
        if (start == 0) return false;
        end = start - 1;
    }
}

/* False when there is no such header. */
static bool walk(const struct network *trusted, size_t count, const struct request *req, const char *name,
                 struct ip *client) {
    bool found = false, forwarded = strcmp(name, "Forwarded") == 0;
    for (size_t i = req->header_count; i-- > 0;) {
        if (!text_equal_nocase(req->headers[i].name, name)) continue;
        found = true;
        if (walk_line(trusted, count, req->headers[i].value, forwarded, client)) break;
    }
    return found;
}

bool proxies_client(const struct network *trusted, size_t count, const struct request *req, struct ip *ret) {
    struct ip nobody = {0}, by_list = nobody, by_standard = nobody;
    bool list = walk(trusted, count, req, "X-Forwarded-For", &by_list);
    bool standard = walk(trusted, count, req, "Forwarded", &by_standard);
    if (list && standard && memcmp(&by_list, &by_standard, sizeof nobody) != 0) return false;
    const struct ip *client = list ? &by_list : &by_standard;
    if (memcmp(client, &nobody, sizeof nobody) == 0) return false;
    *ret = *client;
    return true;
}
