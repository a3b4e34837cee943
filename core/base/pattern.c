/* pattern.c -- follows a pattern's nodes over the subject.
 *
 * A node that can go on in more than one way keeps in itself what is left to try, and `back` chains those
 * nodes, the nearest first. As a pattern is one row of nodes, each can be in the chain once only: the nodes
 * are all the memory that going back takes. Captures need no undoing: a way that is taken again sets them
 * again. */

#include "pattern.h"
#include "pattern_node.h"
#include <string.h>

/* Sized so that ordinary patterns, which take one to five steps a byte, never come near it, and so that the
 * dearest search ends in a moment. */
#define STEPS          1000000
#define STEPS_PER_BYTE 32

/* One memcmp of so many bytes is one step more. */
#define BYTES_PER_STEP 16

/* How often `stopped` is asked. */
#define STEPS_PER_LOOK 500000

void pattern_subject(struct pattern *pattern, const char *subject, size_t len) {
    pattern->subject = subject;
    pattern->end = subject + len;
    pattern->last = NULL;
    pattern->steps = 0;
    pattern->most = STEPS + STEPS_PER_BYTE * (uint64_t)len;
    pattern->look = STEPS_PER_LOOK;
    pattern->stopped = NULL;
}

/* What becomes of a search that has come to `look`. */
static enum err_code look_up(struct pattern *pattern, struct err *err) {
    if (pattern->steps > pattern->most)
        return err_set(
            err, ERR_LIMIT,
            "pattern is too costly: more than %llu steps on %zu bytes (a simpler pattern, or plain "
            "find, is needed)",
            (unsigned long long)pattern->most, (size_t)(pattern->end - pattern->subject));
    if (pattern->stopped && pattern->stopped(pattern->ctx))
        return err_set(err, ERR_TIMEOUT, "pattern was stopped after %llu steps",
                       (unsigned long long)pattern->steps);
    pattern->look = pattern->steps + STEPS_PER_LOOK;
    if (pattern->look > pattern->most) pattern->look = pattern->most;
    return ERR_OK;
}

enum err_code pattern_spend(struct pattern *pattern, uint64_t steps, struct err *err) {
    pattern->steps += steps;
    return pattern->steps > pattern->look ? look_up(pattern, err) : ERR_OK;
}

/* Where a match stands: the subject's end, the nearest node with something left to try, the steps taken. */
struct walk {
    const char *end;
    struct pattern_node *back;
    uint64_t steps;
};

/* ---- single nodes: each returns where the subject goes on, or NULL ---- */

static inline const char *take_one(struct walk *walk, const struct pattern_node *node, const char *s) {
    if (walk->end - s <= node->index) return NULL;
    walk->steps += node->index;
    for (const char *last = s + node->index; s <= last; s++)
        if (!pattern_has(&node->set, *s)) return NULL;
    return s;
}

static inline const char *take_text(struct walk *walk, const struct pattern_node *node, const char *s) {
    size_t len = node->run.len;
    if ((size_t)(walk->end - s) < len || *s != *node->run.text) return NULL;
    walk->steps += len / BYTES_PER_STEP;
    return len == 1 || memcmp(s, node->run.text, len) == 0 ? s + len : NULL;
}

static const char *take_same(struct walk *walk, const struct pattern_capture *capture, const char *s) {
    if (capture->len < 0 || walk->end - s < capture->len) return NULL;
    walk->steps += (uint64_t)capture->len / BYTES_PER_STEP;
    return memcmp(s, capture->at, (size_t)capture->len) == 0 ? s + capture->len : NULL;
}

static const char *take_balanced(struct walk *walk, const struct pattern_node *node, const char *s) {
    const char *at = s;
    size_t depth = 0;
    if (s == walk->end || (unsigned char)*s != node->index) return NULL;
    do {
        unsigned char c = (unsigned char)*at++;
        if (c == node->other && depth > 0)
            depth--;
        else if (c == node->index)
            depth++;
    } while (depth > 0 && at < walk->end);
    walk->steps += (uint64_t)(at - s);
    return depth == 0 ? at : NULL;
}

/* Beyond either end of the subject stands a NUL. */
static bool at_frontier(const struct pattern *pattern, const struct pattern_node *node, const char *s) {
    char before = s == pattern->subject ? '\0' : s[-1];
    char after = s == pattern->end ? '\0' : *s;
    return !pattern_has(&node->set, before) && pattern_has(&node->set, after);
}

static inline const char *last_of(struct walk *walk, const struct pattern_node *node, const char *s) {
    const char *end = walk->end, *at = s;
    if (node->kind == PATTERN_ALL) return end;
    if (node->other && end - s > 1) end = s + 1;
    while (at < end && pattern_has(&node->set, *at))
        at++;
    walk->steps += (uint64_t)(at - s);
    return at;
}

/* Takes all it can, and leaves the rest of the ways for later. */
static inline const char *take_many(struct walk *walk, struct pattern_node *node, const char *s) {
    const char *last = last_of(walk, node, s);
    if (last - s < node->index) return NULL;
    if (last - s > node->index) {
        node->low = s + node->index;
        node->at = last;
        node->back = walk->back;
        walk->back = node;
    }
    return last;
}

static inline const char *take_few(struct walk *walk, struct pattern_node *node, const char *s) {
    node->at = s;
    node->back = walk->back;
    walk->back = node;
    return s;
}

/* ---- going back ---- */

/* Can this node (one of those that `follow` leads to) begin at s? */
static inline bool can_begin(const struct pattern_node *node, const char *s, const char *end) {
    if (s == end) return false;
    return node->kind == PATTERN_TEXT ? *s == *node->run.text : pattern_has(&node->set, *s);
}

/* One byte less, or as many as let the next node begin; NULL when there are none to give up. */
static inline const char *retreat(struct walk *walk, struct pattern_node *node) {
    const struct pattern_node *follow = node->follow ? node + node->follow : NULL;
    for (const char *at = node->at; at > node->low; walk->steps++) {
        at--;
        if (!follow || can_begin(follow, at, walk->end)) return node->at = at;
    }
    return NULL;
}

/* One byte more, or as many; NULL when the next is not of the set. */
static inline const char *advance(struct walk *walk, struct pattern_node *node) {
    const struct pattern_node *follow = node->follow ? node + node->follow : NULL;
    for (const char *at = node->at; at < walk->end && pattern_has(&node->set, *at); walk->steps++) {
        at++;
        if (!follow || can_begin(follow, at, walk->end)) return node->at = at;
    }
    return NULL;
}

/* The nearest other way: where the subject goes on behind the node that is nearest now; NULL when there is
 * none. */
static inline const char *go_back(struct walk *walk) {
    while (walk->back) {
        struct pattern_node *node = walk->back;
        const char *s = node->kind == PATTERN_FEW ? advance(walk, node) : retreat(walk, node);
        if (s) return s;
        walk->back = node->back;
    }
    return NULL;
}

/* ---- the search ---- */

static enum err_code complain(const struct pattern_node *node, struct err *err) {
    if (node->kind == PATTERN_NO_SUCH)
        return err_set(err, ERR_INVALID, "invalid capture index %%%d", node->index);
    return err_set(err, ERR_INVALID, "%s", node->run.text);
}

/* Sets what the node says of a capture. */
static inline const char *mark(struct pattern_capture *capture, const struct pattern_node *node,
                               const char *s) {
    if (node->kind == PATTERN_FINISH) {
        capture->len = s - capture->at;
    } else {
        capture->at = s;
        capture->len = node->kind == PATTERN_HERE ? PATTERN_POSITION : PATTERN_OPEN;
    }
    return s;
}

static inline const char *take(struct pattern *pattern, struct walk *walk, struct pattern_node *node,
                               const char *s) {
    switch ((enum pattern_kind)node->kind) {
    case PATTERN_ONE: return take_one(walk, node, s);
    case PATTERN_TEXT: return take_text(walk, node, s);
    case PATTERN_MANY:
    case PATTERN_ALL: return take_many(walk, node, s);
    case PATTERN_FEW: return take_few(walk, node, s);
    case PATTERN_BEGIN:
    case PATTERN_FINISH:
    case PATTERN_HERE: return mark(&pattern->captures[node->index], node, s);
    case PATTERN_SAME: return take_same(walk, &pattern->captures[node->index], s);
    case PATTERN_BALANCED: return take_balanced(walk, node, s);
    case PATTERN_FRONTIER: return at_frontier(pattern, node, s) ? s : NULL;
    case PATTERN_LAST: return s == walk->end ? s : NULL;
    case PATTERN_DONE:
    case PATTERN_FAULT:
    case PATTERN_NO_SUCH: break; /* the search ends there */
    }
    return NULL;
}

enum err_code pattern_match(struct pattern *pattern, const char *at, const char **ret_end, struct err *err) {
    struct walk walk = {.end = pattern->end, .steps = pattern->steps};
    struct pattern_node *node = pattern->nodes;
    const char *s = at;
    for (; node->kind < PATTERN_DONE; node++) {
        if (++walk.steps > pattern->look) {
            pattern->steps = walk.steps;
            enum err_code code = look_up(pattern, err);
            if (code != ERR_OK) return code;
        }
        s = take(pattern, &walk, node, s);
        if (!s && (s = go_back(&walk))) node = walk.back;
        if (!s) break;
    }
    pattern->steps = walk.steps;
    if (!s) return ERR_NOT_FOUND;
    if (node->kind != PATTERN_DONE) return complain(node, err);
    *ret_end = s;
    return ERR_OK;
}

/* The first place from `s` on at which a match can begin; NULL when there is none. */
static const char *skip(const struct pattern *pattern, const char *s) {
    const struct pattern_node *first = pattern->first;
    const char *end = pattern->end;
    if (!first) return s;
    if (first->kind == PATTERN_TEXT) return s < end ? memchr(s, *first->run.text, (size_t)(end - s)) : NULL;
    while (s < end && !pattern_has(&first->set, *s))
        s++;
    return s < end ? s : NULL;
}

enum err_code pattern_search(struct pattern *pattern, const char *from, const char **ret_start,
                             const char **ret_end, struct err *err) {
    for (const char *s = skip(pattern, from); s; s = s < pattern->end ? skip(pattern, s + 1) : NULL) {
        enum err_code code = pattern_match(pattern, s, ret_end, err);
        if (code == ERR_NOT_FOUND || (code == ERR_OK && *ret_end == pattern->last)) continue;
        if (code == ERR_OK) *ret_start = s;
        return code;
    }
    return ERR_NOT_FOUND;
}

/* memchr is the faster by far where the first byte is rare, memmem never goes over a byte many times. */
const char *pattern_plain(const char *subject, size_t subject_len, const char *text, size_t len) {
    const char *s = subject, *end = subject + subject_len;
    size_t wasted = 0;
    if (len == 0) return s;
    while ((size_t)(end - s) >= len && wasted <= subject_len) {
        s = memchr(s, *text, (size_t)(end - s) - len + 1);
        if (!s) return NULL;
        if (memcmp(s, text, len) == 0) return s;
        s++;
        wasted += len;
    }
    return memmem(s, (size_t)(end - s), text, len);
}
