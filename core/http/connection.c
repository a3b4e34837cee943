/* connection.c -- the door: an address with too many connections is turned away before anything is read. */

#include "connection.h"
#include "../exchange/route_names.h"
#include "edges.h"
#include "server.h"
#include "traffic.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count(struct connections *connections, int change) {
    struct traffic *traffic = connections->options->traffic;
    connections->count += (size_t)change;
    if (traffic) meter_set(&traffic->connections, connections->count);
}

bool connections_full(const struct connections *connections) {
    return connections->count >= connections->options->connections;
}

/* Said before anything was asked, as nothing is read of someone who is too many. */
static void turn_away(const struct connections *connections, int fd, unsigned generation) {
    static const char detail[] = "{\"detail\":\"this address has too many connections open now\"";
    struct traffic *traffic = connections->options->traffic;
    char number[32] = "", words[300];
    if (generation) snprintf(number, sizeof(number), ",\"generation\":%u", generation);
    int len = snprintf(words, sizeof(words),
                       "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\nRetry-After: 10\r\nConnection: close\r\n\r\n%s%s}",
                       strlen(detail) + strlen(number) + 1, detail, number);
    send(fd, words, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_RDWR);
    if (traffic) traffic_count(traffic, METHOD_COUNT, ROUTE_UNMATCHED, 429, 0);
}

struct connection *connection_open(struct connections *connections, const struct sockaddr *peer, int fd,
                                   unsigned generation) {
    struct edges *edges = connections->options->edges;
    struct ip ip = ip_of(peer);
    if (!edges_enter(edges, &ip)) {
        turn_away(connections, fd, generation);
        return NULL;
    }
    struct connection *connection = calloc(1, sizeof(*connection));
    if (!connection) {
        edges_leave(edges, &ip);
        return NULL;
    }
    connection->ip = ip;
    address_text(peer, connection->peer);
    patience_enter(connections->patience, &connection->client, fd);
    count(connections, 1);
    return connection;
}

void connection_close(struct connections *connections, struct connection *connection) {
    patience_leave(&connection->client);
    if (!connection->given_away) edges_leave(connections->options->edges, &connection->ip);
    count(connections, -1);
    free(connection);
}
