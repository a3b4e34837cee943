/* ip.c -- addresses and networks.
 *
 * A network's bits count from the front of the 16 bytes, so a prefix of IPv4 is 96 longer than it is written.
 */

#include "ip.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_ROOM 64
#define DIVIDERS  ", \t"

static const unsigned char four_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool ip_parse(const char *text, size_t len, struct ip *ret) {
    char copy[TEXT_ROOM];
    if (len >= sizeof copy || memchr(text, '\0', len)) return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    memcpy(ret->bytes, four_prefix, sizeof four_prefix);
    return inet_pton(AF_INET, copy, ret->bytes + 12) == 1 || inet_pton(AF_INET6, copy, ret->bytes) == 1;
}

struct ip ip_of(const struct sockaddr *address) {
    struct ip ip = {0};
    if (address->sa_family == AF_INET) {
        memcpy(ip.bytes, four_prefix, sizeof four_prefix);
        memcpy(ip.bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(ip.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    }
    return ip;
}

static bool is_four(const struct ip *ip) {
    return memcmp(ip->bytes, four_prefix, sizeof four_prefix) == 0;
}

struct ip ip_household(const struct ip *ip) {
    struct ip household = *ip;
    if (!is_four(ip)) memset(household.bytes + 8, 0, 8);
    return household;
}

static bool parse_network(const char *text, size_t len, struct network *ret) {
    const char *slash = memchr(text, '/', len);
    size_t host = slash ? (size_t)(slash - text) : len;
    if (!ip_parse(text, host, &ret->ip)) return false;
    bool four = !memchr(text, ':', host);
    unsigned most = four ? 32 : 128, bits = 0;
    for (size_t i = host + 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || bits > most) return false;
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    if (slash && (host + 1 == len || bits > most)) return false;
    ret->bits = (slash ? bits : most) + (four ? 96 : 0);
    return true;
}

enum err_code networks_parse(struct network **ret, size_t *ret_count, const char *text, struct err *err) {
    struct network *networks = NULL;
    size_t count = 0;
    for (const char *at = text + strspn(text, DIVIDERS); *at; at += strspn(at, DIVIDERS)) {
        size_t len = strcspn(at, DIVIDERS);
        struct network *more = realloc(networks, (count + 1) * sizeof *networks);
        if (!more) {
            free(networks);
            return err_set(err, ERR_NO_MEMORY, "no memory for a list of networks");
        }
        networks = more;
        if (!parse_network(at, len, &networks[count++])) {
            free(networks);
            return err_set(err, ERR_INVALID, "\"%.*s\" is no network; write 10.0.0.0/8 or 2001:db8::1",
                           (int)len, at);
        }
        at += len;
    }
    *ret = networks;
    *ret_count = count;
    return ERR_OK;
}

static bool holds(const struct network *network, const struct ip *ip) {
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->ip.bytes, ip->bytes, whole) != 0) return false;
    return rest == 0 || (network->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

bool networks_hold(const struct network *networks, size_t count, const struct ip *ip) {
    for (size_t i = 0; i < count; i++)
        if (holds(&networks[i], ip)) return true;
    return false;
}
