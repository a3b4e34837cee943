/* giveaway.c -- the descriptor is duplicated, and a dead socket is put in its place: its owner reads there
 * that the client has gone. What the client has sent behind the request goes with its owner's buffer. */

#include "giveaway.h"
#include "../exchange/problem.h"
#include "../exchange/request.h"
#include "streams.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum err_code giveaway_open(struct giveaway *giveaway, struct streams *streams, struct err *err) {
    int ends[2];
    *giveaway = (struct giveaway){.streams = streams, .dead = -1};
    if (!streams) return ERR_OK;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return err_system(err, "socketpair");
    giveaway->dead = ends[0];
    close(ends[1]);
    return ERR_OK;
}

void giveaway_close(struct giveaway *giveaway) {
    if (giveaway->dead >= 0) close(giveaway->dead);
    giveaway->dead = -1;
}

static enum err_code wrap(const struct giveaway *giveaway, const struct request *req, const struct ip *ip,
                          int fd, struct gift *ret, struct err *err) {
    enum err_code code = streams_reserve(giveaway->streams, req, ip, &ret->seat, err);
    if (code != ERR_OK) return code;
    ret->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (ret->fd >= 0) return ERR_OK;
    streams_give_up(ret->seat);
    return err_set(err, ERR_BUSY, "There is no room for another stream.");
}

bool giveaway_wrap(const struct giveaway *giveaway, struct request *req, const struct ip *ip, int fd,
                   struct gift *ret) {
    struct err err = {0};
    if (!req->answer.stream || req->method != METHOD_GET) return false;
    if (wrap(giveaway, req, ip, fd, ret, &err) == ERR_OK) return true;
    answer_reset(req);
    answer_header(req, "Retry-After", "10");
    problem_say(req, 503, err.text);
    return false;
}

void giveaway_hand_over(const struct giveaway *giveaway, const struct gift *gift, int fd) {
    dup3(giveaway->dead, fd, O_CLOEXEC);
    streams_seat(gift->seat, gift->fd);
}
