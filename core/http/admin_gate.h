#ifndef PLATEIA_HTTP_ADMIN_GATE_H
#define PLATEIA_HTTP_ADMIN_GATE_H

/* admin_gate.h -- who may ask the operators' listener. Pure.
 *
 * Without a token it is for this machine alone: it listens on a loopback address, and the Host header has to
 * name one (or the address bound), so that no web page reaches it through a name that its owner lets point
 * here. Orders come from this machine, too. With a token, whoever has the token may ask from anywhere; only
 * what tells nothing (`open`) is for everybody.
 *
 * An order needs the header `X-Plateia-Admin: 1` besides: a page from elsewhere cannot send it, as a browser
 * would first ask for leave, which nobody gives. */

#include "../base/err.h"
#include "address.h"
#include <stdbool.h>

struct admin_gate {
    struct address bound;
    const char *token; /* "": none is needed; must last */
};

struct admin_caller {
    const char *host, *authorization, *sign; /* headers, or NULL; the last is X-Plateia-Admin */
    const char *peer;                        /* its address */
};

/* ERR_INVALID, with what to do, where this address may not be listened on so: it is no loopback address and
 * there is no token, or the token is none that a header can carry. */
enum err_code admin_gate_check(const char *host_port, const char *token, struct err *err);

/* `host_port` as admin_gate_check has seen it. */
void admin_gate_init(struct admin_gate *gate, const char *host_port, const char *token);

/* 0: come in; else the status to refuse it with, and why (static text). `open`: whoever asks may know;
 * `changes`: it is an order. */
unsigned admin_gate_refuses(const struct admin_gate *gate, const struct admin_caller *caller, bool open,
                            bool changes, const char **ret_why);

#endif
