/* admin_gate.c -- who may ask: by place, or by token. */

#include "admin_gate.h"
#include "../base/text.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_loopback(const char *host) {
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
    return text_equal_nocase(host, "localhost");
}

/* Bytes that stand in a header as they are. */
static bool is_visible(const char *token) {
    for (; *token; token++)
        if (*token <= ' ' || *token > '~') return false;
    return true;
}

enum err_code admin_gate_check(const char *host_port, const char *token, struct err *err) {
    struct address bound;
    if (!address_split(host_port, &bound)) return ERR_OK; /* whoever listens says what is wrong */
    if (!is_visible(token))
        return err_set(err, ERR_INVALID,
                       "PLATEIA_ADMIN_TOKEN holds a blank or something else that no header can carry: give "
                       "one as `openssl rand -hex 32` makes it");
    if (*token || is_loopback(bound.host)) return ERR_OK;
    return err_set(err, ERR_INVALID,
                   "PLATEIA_ADMIN_LISTEN is %s, which others than this machine can reach, and there is no "
                   "PLATEIA_ADMIN_TOKEN: set one (openssl rand -hex 32) or name its file in "
                   "PLATEIA_ADMIN_TOKEN_FILE, or listen on 127.0.0.1:9180",
                   host_port);
}

void admin_gate_init(struct admin_gate *gate, const char *host_port, const char *token) {
    *gate = (struct admin_gate){.token = token};
    address_split(host_port, &gate->bound);
}

/* Takes as long whichever byte is wrong. */
static bool is_same(const char *given, const char *wanted) {
    size_t len = strlen(wanted);
    volatile unsigned char differs = 0;
    if (strlen(given) != len) return false;
    for (size_t i = 0; i < len; i++)
        differs = (unsigned char)(differs | (given[i] ^ wanted[i]));
    return differs == 0;
}

static bool has_token(const struct admin_gate *gate, const char *authorization) {
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0) return false;
    return is_same(authorization + 7 + strspn(authorization + 7, " "), gate->token);
}

static bool host_allowed(const struct admin_gate *gate, const char *host) {
    struct address named;
    if (!host || !address_split(host, &named)) return false;
    return is_loopback(named.host) || text_equal_nocase(named.host, gate->bound.host);
}

static unsigned refuse(unsigned status, const char *why, const char **ret_why) {
    *ret_why = why;
    return status;
}

unsigned admin_gate_refuses(const struct admin_gate *gate, const struct admin_caller *caller, bool open,
                            bool changes, const char **ret_why) {
    bool guarded = *gate->token != '\0';
    if (!guarded && !host_allowed(gate, caller->host))
        return refuse(403, "Ask by a loopback address or localhost.", ret_why);
    if (guarded && !open && !has_token(gate, caller->authorization))
        return refuse(401, "Send the token of PLATEIA_ADMIN_TOKEN: Authorization: Bearer TOKEN.", ret_why);
    if (!changes) return 0;
    if (!caller->sign || strcmp(caller->sign, "1") != 0)
        return refuse(403, "The header X-Plateia-Admin: 1 is missing.", ret_why);
    if (!guarded && !is_loopback(caller->peer))
        return refuse(403, "Ask from the machine that the server runs on.", ret_why);
    return 0;
}
