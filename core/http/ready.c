/* ready.c -- a table of answers that stand.
 *
 * Which question it is, is told by bytes: the target as sent, and the two headers on which an answer to it
 * may hang, each behind a NUL. Those that nobody sent are told from empty ones. */

#include "ready.h"
#include <stdlib.h>
#include <string.h>

struct question {
    char bytes[READY_MOST_QUESTION];
    size_t len;
    uint64_t hash;
};

static bool add(struct question *question, const char *text) {
    size_t len = text ? strlen(text) + 1 : 0;
    if (question->len + len + 1 > sizeof question->bytes) return false;
    question->bytes[question->len++] = text ? '=' : '-';
    if (text) memcpy(question->bytes + question->len, text, len);
    question->len += len;
    return true;
}

/* FNV-1a, eight bytes at a time where there are so many: whom it sends to the same place, only loses it. */
static uint64_t hash(const char *bytes, size_t len) {
    uint64_t sum = 14695981039346656037u, word;
    for (; len >= sizeof word; len -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        sum = (sum ^ word) * 1099511628211u;
        sum ^= sum >> 29;
    }
    for (; len > 0; len--, bytes++)
        sum = (sum ^ (unsigned char)*bytes) * 1099511628211u;
    return sum ^ sum >> 32;
}

static bool ask(struct question *question, const struct request *req, const char *target) {
    question->len = 0;
    if (req->method != METHOD_GET && req->method != METHOD_HEAD) return false;
    if (req->body_len > 0) return false;
    if (!add(question, target)) return false;
    if (!add(question, request_header(req, "If-None-Match"))) return false;
    if (!add(question, request_header(req, "Origin"))) return false;
    question->hash = hash(question->bytes, question->len);
    return true;
}

static struct ready_place *place_of(struct ready *ready, const struct question *question) {
    return &ready->places[question->hash % READY_PLACES];
}

static void clear(struct ready *ready, struct ready_place *place) {
    if (place->answer.made) ready->release(place->answer.made);
    free(place->question);
    *place = (struct ready_place){0};
}

void ready_init(struct ready *ready, void (*release)(void *made)) {
    memset(ready, 0, sizeof *ready);
    ready->release = release;
}

void ready_done(struct ready *ready) {
    for (size_t i = 0; i < READY_PLACES; i++)
        clear(ready, &ready->places[i]);
}

const struct ready_answer *ready_find(struct ready *ready, const struct request *req, const char *target,
                                      unsigned generation, int64_t now_ns) {
    struct question question;
    if (!ask(&question, req, target)) return NULL;
    struct ready_place *place = place_of(ready, &question);
    if (place->question_len != question.len || !place->answer.made) return NULL;
    if (memcmp(place->question, question.bytes, question.len) != 0) return NULL;
    if (place->answer.generation == generation && standing_holds(&place->answer.standing, now_ns))
        return &place->answer;
    clear(ready, place);
    return NULL;
}

bool ready_keep(struct ready *ready, const struct request *req, const char *target,
                const struct ready_answer *answer, int64_t now_ns) {
    struct question question;
    if (answer->bytes > READY_MOST_BYTES || !standing_holds(&answer->standing, now_ns)) return false;
    if (!ask(&question, req, target)) return false;
    size_t route_len = answer->route ? strlen(answer->route) : 0;
    char *bytes = malloc(question.len + route_len + 1);
    if (!bytes) return false;
    struct ready_place *place = place_of(ready, &question);
    clear(ready, place);
    memcpy(bytes, question.bytes, question.len);
    if (route_len) memcpy(bytes + question.len, answer->route, route_len);
    bytes[question.len + route_len] = '\0';
    *place = (struct ready_place){.answer = *answer, .question_len = question.len, .question = bytes};
    place->answer.route = route_len ? bytes + question.len : NULL;
    return true;
}
