#ifndef PLATEIA_TEST_FUZZ_H
#define PLATEIA_TEST_FUZZ_H

/* fuzz.h -- what the targets have in common: their entry, and the pieces of an input.
 *
 * A target is one file with fuzz_one. Linked with libFuzzer it is searched for crashes (./dev fuzz); linked
 * with replay.c it runs its seeds as a unit test. Inputs are text wherever the thing tested reads text, so
 * that a seed can be read. Every piece is handed on in a block of its own size: a byte too far is seen. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input. */
#define REQUIRE(condition, ...)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                          \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct input {
    const char *at, *end;
};

/* The bytes as text that ends with a NUL. Freed by the caller. */
static inline char *input_copy(const char *bytes, size_t len) {
    char *text = malloc(len + 1);
    REQUIRE(text, "memory");
    if (len) memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

/* The text up to the next `stop` or the end, which is skipped; NULL when nothing is left. Freed by the
 * caller. */
static inline char *input_until(struct input *input, char stop) {
    if (input->at >= input->end) return NULL;
    const char *from = input->at, *to = memchr(from, stop, (size_t)(input->end - from));
    if (!to) to = input->end;
    input->at = to < input->end ? to + 1 : to;
    return input_copy(from, (size_t)(to - from));
}

#endif
