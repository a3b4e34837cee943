#ifndef PLATEIA_SERVICES_DB_CONNECTOR_H
#define PLATEIA_SERVICES_DB_CONNECTOR_H

/* connector.h -- makes connections in a thread of its own, since libpq's connecting blocks (names are looked
 * up, and a silent host is left for the next one only by the blocking call), and brings them by mail.
 *
 * One attempt an order, one order after the other; trying again is the orderer's affair. The list is bounded
 * by its users: each line of a share has at most one order. */

#include "../../base/err.h"
#include "query.h"
#include <stdint.h>

struct conn;
struct connector;
struct connector_job;
struct mailbox;

/* In the mailbox's thread. `conn` is the receiver's now, or NULL and *err tells why. */
typedef void connector_done(void *ctx, struct conn *conn, const struct err *err);

struct connector_order {
    enum query_class class;
    char name[32]; /* application_name, as pg_stat_activity shows it */
    int64_t statement_timeout_ms;
    struct mailbox *mailbox;
    connector_done *done;
    void *ctx;
};

/* ERR_INVALID when the conninfo cannot be read. */
enum err_code connector_open(struct connector **ret, const char *conninfo, struct err *err);
void connector_close(struct connector *connector); /* waits for an attempt under way; NULL is fine */

/* *ret is good until done is called, for connector_cancel. */
enum err_code connector_submit(struct connector *connector, const struct connector_order *order,
                               struct connector_job **ret, struct err *err);
/* In the mailbox's thread: done will not be called, and nothing is posted any more. NULL is fine. */
void connector_cancel(struct connector *connector, struct connector_job *job);

#endif
