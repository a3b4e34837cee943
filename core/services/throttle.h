#ifndef PLATEIA_SERVICES_THROTTLE_H
#define PLATEIA_SERVICES_THROTTLE_H

/* throttle.h -- how often something may be tried in a while.
 *
 * A fixed window: it begins with a key's first try, lasts `window_ns`, and holds at most `limit` tries; then
 * the next try begins another. So across the border of two windows up to twice the limit may pass. Tries that
 * turn out not to count are given back. Memory is bounded and taken at once: where it is full, the key that
 * was tried least is forgotten first, so a flood of new keys does not free one that has reached its limit.
 * Keys are bytes of any kind and are kept as a secret hash. Any thread, after crypto_open. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle;

struct throttle_state {
    bool allowed;
    int64_t remaining; /* tries that are left in this window */
    int64_t reset_ns;  /* until the window ends */
};

enum err_code throttle_new(struct throttle **ret, struct err *err);
void throttle_free(struct throttle *throttle); /* NULL is fine */

/* Counts a try if it is allowed; one that is refused is not counted. now_ns is clock_ns(). */
struct throttle_state throttle_take(struct throttle *throttle, const void *key, size_t len, unsigned limit,
                                    int64_t window_ns, int64_t now_ns);
/* One try of the present window did not count after all. */
void throttle_give_back(struct throttle *throttle, const void *key, size_t len, int64_t now_ns);

#endif
