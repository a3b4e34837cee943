/* board.c -- a short list of names under one lock, which is held for a few pointers at a time. */

#include "board.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct pin {
    char name[BOARD_MAX_NAME + 1];
    struct frame *newest;
};

struct board {
    char boot[9];
    void (*changed)(void *ctx);
    void *ctx;
    pthread_mutex_t lock; /* guards all below */
    struct pin pins[BOARD_NAMES];
    size_t pin_count;
    uint64_t last;
};

/* ---- frames ---- */

static struct frame *frame_alloc(size_t len) {
    struct frame *frame = malloc(sizeof *frame + len);
    if (!frame) return NULL;
    atomic_init(&frame->holders, 1);
    frame->number = 0;
    frame->len = len;
    return frame;
}

struct frame *frame_new(const char *bytes, size_t len) {
    struct frame *frame = frame_alloc(len);
    if (frame) memcpy(frame->bytes, bytes, len);
    return frame;
}

struct frame *frame_hold(struct frame *frame) {
    if (frame) atomic_fetch_add_explicit(&frame->holders, 1, memory_order_relaxed);
    return frame;
}

void frame_drop(struct frame *frame) {
    if (frame && atomic_fetch_sub_explicit(&frame->holders, 1, memory_order_acq_rel) == 1) free(frame);
}

/* ---- the board ---- */

enum err_code board_new(struct board **ret, struct err *err) {
    uint32_t random;
    struct board *board = calloc(1, sizeof *board);
    if (!board) return err_set(err, ERR_NO_MEMORY, "no memory for streams");
    pthread_mutex_init(&board->lock, NULL);
    while (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        if (errno != EINTR) abort(); /* no such kernel runs the rest of this program either */
    snprintf(board->boot, sizeof board->boot, "%08" PRIx32, random);
    *ret = board;
    return ERR_OK;
}

void board_free(struct board *board) {
    if (!board) return;
    for (size_t i = 0; i < board->pin_count; i++)
        frame_drop(board->pins[i].newest);
    pthread_mutex_destroy(&board->lock);
    free(board);
}

const char *board_boot(const struct board *board) {
    return board->boot;
}

void board_watch(struct board *board, void (*changed)(void *ctx), void *ctx) {
    pthread_mutex_lock(&board->lock);
    board->changed = changed;
    board->ctx = ctx;
    pthread_mutex_unlock(&board->lock);
}

bool board_name_ok(const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return len > 0 && len <= BOARD_MAX_NAME && name[len] == '\0';
}

static struct pin *find(struct board *board, const char *name) {
    struct pin *pin = board->pins, *end = pin + board->pin_count;
    while (pin < end && strcmp(pin->name, name) != 0)
        pin++;
    return pin < end ? pin : NULL;
}

static struct pin *find_or_add(struct board *board, const char *name) {
    struct pin *pin = find(board, name);
    if (pin || board->pin_count == BOARD_NAMES) return pin;
    pin = &board->pins[board->pin_count++];
    snprintf(pin->name, sizeof pin->name, "%s", name);
    return pin;
}

static struct frame *word(const char *boot, uint64_t number, const char *name, const char *text, size_t len) {
    char head[160];
    int head_len = snprintf(head, sizeof head, "id: %s-%" PRIu64 "\nevent: %s\ndata: ", boot, number, name);
    struct frame *frame = frame_alloc((size_t)head_len + len + 2);
    if (!frame) return NULL;
    frame->number = number;
    memcpy(frame->bytes, head, (size_t)head_len);
    memcpy(frame->bytes + head_len, text, len);
    memcpy(frame->bytes + head_len + len, "\n\n", 2);
    return frame;
}

static enum err_code check(const char *name, const char *text, size_t len, struct err *err) {
    if (!board_name_ok(name))
        return err_set(err, ERR_INVALID, "the name of a stream is 1 to %d letters, digits, _, - and .",
                       BOARD_MAX_NAME);
    if (len > BOARD_MAX_TEXT)
        return err_set(err, ERR_LIMIT, "stream %s: %zu bytes are more than the %u of a frame", name, len,
                       BOARD_MAX_TEXT);
    if (memchr(text, '\n', len) || memchr(text, '\r', len) || memchr(text, '\0', len))
        return err_set(err, ERR_INVALID, "stream %s: what a frame says is one line", name);
    return ERR_OK;
}

/* Numbered and pinned up under one lock: a higher number is never replaced by a lower one. */
static enum err_code pin_up(struct board *board, const char *name, const char *text, size_t len,
                            struct err *err) {
    struct pin *pin = find_or_add(board, name);
    if (!pin)
        return err_set(err, ERR_LIMIT, "stream %s: a process has at most %d streams", name, BOARD_NAMES);
    struct frame *frame = word(board->boot, board->last + 1, name, text, len);
    if (!frame) return err_set(err, ERR_NO_MEMORY, "no memory for a frame");
    board->last++;
    frame_drop(pin->newest);
    pin->newest = frame;
    return ERR_OK;
}

enum err_code board_publish(struct board *board, const char *name, const char *text, size_t len,
                            struct err *err) {
    enum err_code code = check(name, text, len, err);
    if (code != ERR_OK) return code;
    pthread_mutex_lock(&board->lock);
    code = pin_up(board, name, text, len, err);
    if (code == ERR_OK && board->changed) board->changed(board->ctx);
    pthread_mutex_unlock(&board->lock);
    return code;
}

struct frame *board_newest(struct board *board, const char *name) {
    pthread_mutex_lock(&board->lock);
    const struct pin *pin = find(board, name);
    struct frame *frame = pin ? frame_hold(pin->newest) : NULL;
    pthread_mutex_unlock(&board->lock);
    return frame;
}
