#ifndef PLATEIA_EXCHANGE_BOARD_H
#define PLATEIA_EXCHANGE_BOARD_H

/* board.h -- the newest frame of each named stream: scripts pin one up, http shows it to whoever watches.
 *
 * A frame is one Server-Sent Event as it goes over the wire, made once, never changed, and shared by all who
 * send it. It outlives the scripts that published it. Only the newest of a name is kept: what matters is how
 * things are, not how they came to be so. Any thread. Knows neither
 * sockets nor Lua. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

#define BOARD_NAMES    32 /* different streams a process */
#define BOARD_MAX_NAME 63
#define BOARD_MAX_TEXT (64u << 10) /* what one frame says */

struct frame {
    _Atomic unsigned holders;
    uint64_t number; /* of all frames of this board: 1, 2, ... */
    size_t len;
    char bytes[];
};

/* Bytes of one's own as a frame, without a number, held once; NULL when memory ran out. */
struct frame *frame_new(const char *bytes, size_t len);
struct frame *frame_hold(struct frame *frame); /* NULL is fine, and returned */
void frame_drop(struct frame *frame);          /* the last one frees it; NULL is fine */

enum err_code board_new(struct board **ret, struct err *err);
void board_free(struct board *board); /* NULL is fine; frames that others hold stay theirs */

/* Names this process: a frame's id is "BOOT-NUMBER", so a client's last id tells of which life it is. */
const char *board_boot(const struct board *board);

/* `changed` is called in the publisher's thread after each frame, and must not call the board; NULL ends it,
 * and no call is under way any more. */
void board_watch(struct board *board, void (*changed)(void *ctx), void *ctx);

/* Whether it may be a stream's name: letters, digits, '_', '-' and '.'. */
bool board_name_ok(const char *name);

/* ERR_INVALID: a name that is none, or text of more than one line; ERR_LIMIT: beyond the bounds. */
enum err_code board_publish(struct board *board, const char *name, const char *text, size_t len,
                            struct err *err);

/* The newest frame of that name, held for the caller; NULL: there was none yet. */
struct frame *board_newest(struct board *board, const char *name);

#endif
