/* test_cache.c -- what is served when: ttl, drops, fills, and the bound on bytes. Time is given, not waited
 * for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/cache.h"
#include "../../../core/services/crypto.h"
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (1 << 20)

static const char *const sale[] = {"sale"};
static const char *const four[] = {"sale", "stock", "price", "name"};
/* fresh for 1 s, good for 10 s, old for up to 5 s more */
static const struct cache_rule rule = {
    .ttl_ms = 10000, .fresh_ms = 1000, .stale_ms = 5000, .tags = sale, .tag_count = 1};
/* the same, and somebody renews it */
static const struct cache_rule kept_up = {
    .ttl_ms = 10000, .fresh_ms = 1000, .stale_ms = 3600000, .tags = sale, .tag_count = 1, .renew = true};

static struct cache *cache;
static struct buf got;
static struct cache_found found;

static int64_t at(int64_t ms) {
    return 1000000 * CLOCK_NS_PER_MS + ms * CLOCK_NS_PER_MS;
}

static enum cache_result get(const char *key, int64_t ms) {
    buf_clear(&got);
    enum cache_result result = cache_get(cache, key, strlen(key), at(ms), &got, &found, NULL);
    assert_false(got.failed);
    if (result == CACHE_MISS) assert_int_equal(got.len, 0);
    return result;
}

static void put(const char *key, const char *value, const struct cache_rule *how, uint64_t ticket,
                int64_t ms) {
    assert_int_equal(cache_put(cache, key, strlen(key), value, strlen(value), how, ticket, at(ms), NULL),
                     ERR_OK);
}

/* Misses, as it must, and puts. */
static void fill(const char *key, const char *value, int64_t ms) {
    assert_int_equal(get(key, ms), CACHE_MISS);
    put(key, value, &rule, found.ticket, ms);
}

static void gives(const char *key, int64_t ms, enum cache_result result, const char *value) {
    assert_int_equal(get(key, ms), result);
    if (value) assert_string_equal(got.data, value);
}

static void abandon(const char *key) {
    cache_abandon(cache, key, strlen(key));
}

static void what_was_put_is_served_until_its_ttl(void **state) {
    (void)state;
    fill("a", "one", 0);
    gives("a", 0, CACHE_HIT, "one");
    assert_true(found.age_ms == 0);
    gives("a", 9999, CACHE_HIT, "one");
    assert_true(found.age_ms == 9999);
    gives("a", 10000, CACHE_MISS, NULL);
    gives("b", 0, CACHE_MISS, NULL);
}

static void values_are_appended_and_may_hold_anything(void **state) {
    (void)state;
    static const char key[] = {'k', 0, '\xff'}, value[] = {0, 'v', 0, '\n'};
    struct buf text = {0};
    buf_add_str(&text, "ab");
    cache_get(cache, key, 3, at(0), &got, &found, NULL);
    assert_int_equal(cache_put(cache, key, 3, value, 4, &rule, found.ticket, at(0), NULL), ERR_OK);
    assert_int_equal(cache_get(cache, key, 3, at(0), &text, &found, NULL), CACHE_HIT);
    assert_int_equal(text.len, 6);
    assert_memory_equal(text.data, "ab\0v\0\n", 6);
    assert_int_equal(cache_get(cache, key, 2, at(0), &text, &found, NULL), CACHE_MISS);
    buf_done(&text);

    fill("", "", 0); /* an empty key and an empty value are as good as any */
    gives("", 0, CACHE_HIT, NULL);
    assert_int_equal(got.len, 0);
}

static void a_later_put_replaces(void **state) {
    (void)state;
    fill("a", "one", 0);
    put("a", "another, longer", &rule, found.ticket, 1);
    gives("a", 1, CACHE_HIT, "another, longer");
}

static void a_clock_read_a_little_before_the_put_is_no_trouble(void **state) {
    (void)state;
    fill("a", "one", 5);
    gives("a", 4, CACHE_HIT, "one");
    assert_true(found.age_ms == 0);
}

static void a_drop_counts_once_the_entry_has_been_fresh(void **state) {
    (void)state;
    fill("a", "one", 0);
    cache_drop(cache, "sale");
    gives("a", 0, CACHE_HIT, "one");
    gives("a", 999, CACHE_HIT, "one");
    gives("a", 1000, CACHE_MISS, NULL);
    put("a", "two", &rule, found.ticket, 1000);
    gives("a", 10999, CACHE_HIT, "two"); /* the drop is used up */
}

static void a_drop_of_another_tag_is_nothing(void **state) {
    (void)state;
    fill("a", "one", 0);
    cache_drop(cache, "stock");
    cache_drop(cache, "sal");
    cache_drop(cache, "");
    gives("a", 9999, CACHE_HIT, "one");
    struct cache_rule untagged = {.ttl_ms = 10000};
    assert_int_equal(get("b", 0), CACHE_MISS);
    put("b", "bare", &untagged, found.ticket, 0);
    cache_drop(cache, "sale");
    gives("b", 9999, CACHE_HIT, "bare");
}

static void each_of_four_tags_counts(void **state) {
    (void)state;
    struct cache_rule tagged = {.ttl_ms = 10000, .tags = four, .tag_count = 4};
    for (size_t i = 0; i < 4; i++) {
        cache_abandon(cache, "a", 1);
        assert_int_equal(get("a", 0), CACHE_MISS);
        put("a", "one", &tagged, found.ticket, 0);
        gives("a", 0, CACHE_HIT, "one");
        cache_drop(cache, four[i]);
        gives("a", 0, CACHE_MISS, NULL);
    }
}

/* The filler read the world before it changed. */
static void a_drop_during_a_fill_is_honoured(void **state) {
    (void)state;
    assert_int_equal(get("a", 0), CACHE_MISS);
    uint64_t before = found.ticket;
    cache_drop(cache, "sale");
    put("a", "read before the drop", &rule, before, 10);
    gives("a", 1009, CACHE_HIT, "read before the drop"); /* a storm of drops must not keep us filling */
    gives("a", 1010, CACHE_MISS, NULL);
    put("a", "read after it", &rule, found.ticket, 1011);
    gives("a", 9000, CACHE_HIT, "read after it");
}

static void without_a_fresh_time_a_drop_counts_at_once(void **state) {
    (void)state;
    struct cache_rule strict = {.ttl_ms = 10000, .tags = sale, .tag_count = 1};
    assert_int_equal(get("a", 0), CACHE_MISS);
    uint64_t before = found.ticket;
    cache_drop(cache, "sale");
    put("a", "old already", &strict, before, 0);
    gives("a", 0, CACHE_MISS, NULL);
    put("a", "new", &strict, found.ticket, 0);
    gives("a", 0, CACHE_HIT, "new");
}

/* An asker reads its clock, and only then waits for the lock. */
static void a_clock_read_earlier_does_not_undo_a_drop(void **state) {
    (void)state;
    struct cache_rule strict = {.ttl_ms = 10000, .stale_ms = 1000, .tags = sale, .tag_count = 1};
    assert_int_equal(get("a", 0), CACHE_MISS);
    uint64_t before = found.ticket;
    cache_drop(cache, "sale");
    put("a", "old already", &strict, before, 5);
    gives("a", 4, CACHE_MISS, NULL);
    gives("a", 3, CACHE_STALE, "old already");
}

static void a_storm_of_drops_makes_one_refill_a_fresh_time(void **state) {
    (void)state;
    int fills = 0;
    for (int64_t ms = 0; ms < 10000; ms++) {
        if (get("a", ms) == CACHE_MISS) {
            fills++;
            put("a", "x", &rule, found.ticket, ms);
        }
        cache_drop(cache, "sale");
    }
    assert_int_equal(fills, 10); /* at 0, 1000, ... 9000 */
}

/* A slow filler comes back after a quicker one that began later. */
static void a_put_never_replaces_what_began_later(void **state) {
    (void)state;
    assert_int_equal(get("a", 0), CACHE_MISS);
    uint64_t slow = found.ticket;
    cache_drop(cache, "sale");
    assert_int_equal(get("a", 1), CACHE_WAIT); /* and does not care to wait */
    put("a", "new", &rule, found.ticket, 2);
    put("a", "old", &rule, slow, 3);
    gives("a", 9000, CACHE_HIT, "new");
}

static void one_fills_and_the_others_get_the_old_value(void **state) {
    (void)state;
    fill("a", "one", 0);
    gives("a", 10000, CACHE_MISS, NULL); /* this one fills */
    gives("a", 10000, CACHE_STALE, "one");
    gives("a", 12000, CACHE_STALE, "one");
    assert_true(found.age_ms == 12000);
    put("a", "two", &rule, found.ticket, 12500);
    gives("a", 12500, CACHE_HIT, "two");
}

static void after_a_drop_too_one_fills_and_the_others_get_the_old_value(void **state) {
    (void)state;
    fill("a", "one", 0);
    cache_drop(cache, "sale");
    gives("a", 2000, CACHE_MISS, NULL);
    gives("a", 2001, CACHE_STALE, "one");
    gives("a", 6999, CACHE_STALE, "one"); /* stale for 5 s since it was found to be old */
    gives("a", 7000, CACHE_WAIT, NULL);
}

static void too_old_a_value_is_given_to_nobody(void **state) {
    (void)state;
    fill("a", "one", 0);
    gives("a", 14998, CACHE_MISS, NULL);
    gives("a", 14999, CACHE_STALE, "one");
    gives("a", 15000, CACHE_WAIT, NULL); /* while the filler still fills */
    struct cache_rule never = {.ttl_ms = 1000};
    assert_int_equal(get("b", 0), CACHE_MISS);
    put("b", "one", &never, found.ticket, 0);
    gives("b", 1000, CACHE_MISS, NULL);
    gives("b", 1000, CACHE_WAIT, NULL);
}

/* A drop does not make an entry younger that its ttl has made old. */
static void a_drop_never_lengthens_a_life(void **state) {
    (void)state;
    fill("a", "one", 0);
    cache_drop(cache, "sale");
    gives("a", 14000, CACHE_MISS, NULL);
    gives("a", 14999, CACHE_STALE, "one");
    gives("a", 15000, CACHE_WAIT, NULL);
}

/* ---- how long it stands ---- */

static bool stands(const struct standing *standing, int64_t ms) {
    return standing_holds(standing, at(ms));
}

static struct standing standing_at(const char *key, int64_t ms) {
    enum cache_result result = get(key, ms);
    assert_true(result == CACHE_HIT || result == CACHE_STALE);
    assert_true(stands(&found.standing, ms));
    return found.standing;
}

static void an_answer_stands_until_its_seconds_change(void **state) {
    (void)state;
    struct standing never = {0};
    assert_false(stands(&never, 0));
    fill("a", "one", 0);
    struct standing young = standing_at("a", 300);
    assert_true(stands(&young, 999));
    assert_false(stands(&young, 1000));
    struct standing last = standing_at("a", 9200);
    assert_true(stands(&last, 9999));
    assert_false(stands(&last, 10000)); /* and old */
    assert_int_equal(get("a", 11500), CACHE_MISS);
    struct standing old = standing_at("a", 11500); /* old for 1.5 s: its time to live is -2 to the second */
    assert_true(stands(&old, 11999));
    assert_false(stands(&old, 12000));
}

/* The seconds as the answer's headers show them, at every millisecond, must be those of its standing. */
static void what_stands_says_the_same(void **state) {
    (void)state;
    fill("a", "one", 0);
    int64_t age = -1, ttl = 0;
    struct standing standing = {0};
    for (int64_t ms = 0; ms < 14000; ms++) {
        if (get("a", ms) == CACHE_MISS) get("a", ms); /* from now on somebody fills */
        int64_t age_now = found.age_ms / 1000, ttl_now = (found.ttl_ms + 1000000) / 1000 - 1000;
        if (stands(&standing, ms) && (age_now != age || ttl_now != ttl))
            fail_msg("at %d ms: %d and %d, not %d and %d", (int)ms, (int)age_now, (int)ttl_now, (int)age,
                     (int)ttl);
        age = age_now;
        ttl = ttl_now;
        standing = found.standing;
    }
}

static void a_drop_ends_it_and_another_tags_does_not(void **state) {
    (void)state;
    fill("a", "one", 0);
    struct standing standing = standing_at("a", 100);
    cache_drop(cache, "stock");
    assert_true(stands(&standing, 100));
    cache_drop(cache, "sale");
    assert_false(stands(&standing, 100));
    standing = standing_at("a", 200); /* still served, but at most for as long as it counts as fresh */
    assert_true(stands(&standing, 999));
    assert_false(stands(&standing, 1000));
}

static void whatever_comes_or_goes_under_its_key_ends_it(void **state) {
    (void)state;
    fill("a", "one", 0);
    struct standing standing = standing_at("a", 100);
    put("a", "two", &rule, found.ticket, 150);
    assert_false(stands(&standing, 200));

    assert_int_equal(get("a", 10150), CACHE_MISS);
    standing = standing_at("a", 10200); /* the old one, while it is made */
    abandon("a");
    assert_false(stands(&standing, 10200));

    fill("a", "three", 10250);
    standing = standing_at("a", 10300);
    static char large[SIZE / 4];
    cache_put(cache, "a", 1, large, sizeof large, &rule, 1, at(10300), NULL); /* too large: it goes */
    assert_false(stands(&standing, 10300));
}

/* ---- those that are renewed ---- */

static bool due(const char *prefix, int64_t ms, const char *key) {
    struct buf text = {0};
    bool any = cache_due(cache, prefix, strlen(prefix), at(ms), &text, &found.ticket);
    if (any) assert_string_equal(text.data, key);
    buf_done(&text);
    return any;
}

static void fill_kept_up(const char *key, const char *value, int64_t ms) {
    assert_int_equal(get(key, ms), CACHE_MISS);
    put(key, value, &kept_up, found.ticket, ms);
}

static void what_was_dropped_is_due_once(void **state) {
    (void)state;
    fill_kept_up("a", "one", 0);
    fill("b", "not renewed", 0);
    assert_false(due("", 10, NULL));
    cache_drop(cache, "sale");
    assert_false(due("x", 10, NULL));
    assert_true(due("a", 10, "a"));
    assert_false(due("", 10, NULL));
    put("a", "two", &kept_up, found.ticket, 20);
    gives("a", 20, CACHE_HIT, "two");
    assert_false(due("", 30, NULL));
}

static void nobody_waits_for_a_renewal(void **state) {
    (void)state;
    fill_kept_up("a", "one", 0);
    cache_drop(cache, "sale");
    gives("a", 2000, CACHE_STALE, "one"); /* before it has begun */
    assert_true(due("", 2010, "a"));
    gives("a", 2020, CACHE_STALE, "one");
    gives("a", 30000, CACHE_STALE, "one"); /* and while it hangs */
    abandon("a");
    assert_true(due("", 30010, "a")); /* tried again */
    abandon("a");
    gives("a", 30020, CACHE_STALE, "one"); /* and the last try was not long ago */
    assert_int_equal(get("a", 40010), CACHE_MISS);
}

static void a_drop_during_a_renewal_makes_it_due_again(void **state) {
    (void)state;
    fill_kept_up("a", "one", 0);
    cache_drop(cache, "sale");
    assert_true(due("", 10, "a"));
    cache_drop(cache, "sale");
    put("a", "two", &kept_up, found.ticket, 20);
    assert_true(due("", 30, "a"));
}

static void half_its_time_makes_it_due(void **state) {
    (void)state;
    fill_kept_up("a", "one", 0);
    assert_false(due("", 4999, NULL));
    assert_true(due("", 5000, "a"));
}

static void what_nobody_asks_for_is_left_alone(void **state) {
    (void)state;
    fill_kept_up("a", "one", 0);
    gives("a", 1000, CACHE_HIT, "one");
    for (int64_t ms = 2000; ms < 60000; ms += 1000) { /* renewed all the while, which is no use */
        cache_drop(cache, "sale");
        assert_true(due("", ms, "a"));
        put("a", "one", &kept_up, found.ticket, ms);
    }
    cache_drop(cache, "sale");
    assert_false(due("", 61000, NULL));
    assert_int_equal(get("a", 62000), CACHE_MISS); /* so who comes then makes it himself */
}

static void those_in_use_last_are_renewed(void **state) {
    (void)state;
    char key[16];
    for (int i = 0; i <= CACHE_USED; i++) {
        snprintf(key, sizeof key, "%03d", i);
        fill_kept_up(key, "x", i);
    }
    gives("001", CACHE_USED + 1, CACHE_HIT, "x");
    fill_kept_up("another", "x", CACHE_USED + 2);
    cache_drop(cache, "sale");
    assert_false(due("000", 100, NULL));
    assert_false(due("002", 100, NULL));
    assert_true(due("001", 100, "001"));
    assert_true(due("another", 100, "another"));
    int others = 0;
    struct buf text = {0};
    while (cache_due(cache, "", 0, at(100), &text, &found.ticket))
        others++;
    buf_done(&text);
    assert_int_equal(others, CACHE_USED - 2);
}

/* ---- those who wait ---- */

struct sleeper {
    struct cache_waiter waiter; /* first */
    int woken, closed;
};

static void on_wake(struct cache_waiter *waiter, bool live) {
    struct sleeper *sleeper = (struct sleeper *)waiter;
    if (live)
        sleeper->woken++;
    else
        sleeper->closed++;
}

static enum cache_result ask(const char *key, int64_t ms, struct sleeper *sleeper, const void *home) {
    *sleeper = (struct sleeper){.waiter = {.wake = on_wake, .home = home}};
    buf_clear(&got);
    return cache_get(cache, key, strlen(key), at(ms), &got, &found, &sleeper->waiter);
}

static void where_there_is_nothing_one_fills_and_the_others_wait(void **state) {
    (void)state;
    struct sleeper first, second, third, other;
    assert_int_equal(ask("a", 0, &first, NULL), CACHE_MISS);
    assert_false(found.known);
    uint64_t ticket = found.ticket;
    assert_int_equal(ask("a", 1, &second, NULL), CACHE_WAIT);
    assert_int_equal(ask("a", 2, &third, NULL), CACHE_WAIT);
    assert_int_equal(ask("b", 2, &other, NULL), CACHE_MISS);
    put("b", "another", &rule, found.ticket, 3);
    assert_int_equal(second.woken + third.woken, 0);
    put("a", "one", &rule, ticket, 5);
    assert_int_equal(first.woken, 0);
    assert_int_equal(second.woken, 1);
    assert_int_equal(third.woken, 1);
    gives("a", 6, CACHE_HIT, "one");
    assert_true(found.ttl_ms == 9999);
}

static void a_filler_that_gives_up_wakes_those_who_wait(void **state) {
    (void)state;
    struct sleeper sleeper, next;
    gives("a", 0, CACHE_MISS, NULL);
    assert_int_equal(ask("a", 0, &sleeper, NULL), CACHE_WAIT);
    abandon("a");
    assert_int_equal(sleeper.woken, 1);
    assert_int_equal(ask("a", 1, &next, NULL), CACHE_MISS);
    assert_int_equal(ask("a", 1, &sleeper, NULL), CACHE_WAIT);
    static char large[SIZE / 8 + 1]; /* what cannot be kept is told to them as well */
    assert_int_equal(cache_put(cache, "a", 1, large, sizeof(large), &rule, 9, at(0), NULL), ERR_LIMIT);
    assert_int_equal(sleeper.woken, 1);
}

static void a_filler_that_hangs_is_given_up_in_time(void **state) {
    (void)state;
    struct sleeper sleeper;
    gives("a", 0, CACHE_MISS, NULL);
    assert_int_equal(ask("a", 0, &sleeper, NULL), CACHE_WAIT);
    cache_expire(cache, at(CACHE_FILL_MS - 1));
    assert_int_equal(sleeper.woken, 0);
    cache_expire(cache, at(CACHE_FILL_MS));
    assert_int_equal(sleeper.woken, 1);
    gives("a", CACHE_FILL_MS, CACHE_MISS, NULL);
    gives("a", CACHE_FILL_MS, CACHE_WAIT, NULL);
    gives("a", 2 * CACHE_FILL_MS, CACHE_MISS, NULL); /* an asker notices by itself too */
    gives("a", 2 * CACHE_FILL_MS, CACHE_WAIT, NULL);
}

static void who_leaves_gets_his_waiters_back(void **state) {
    (void)state;
    struct sleeper mine, his, last;
    gives("a", 0, CACHE_MISS, NULL);
    assert_int_equal(ask("a", 0, &mine, &mine), CACHE_WAIT);
    assert_int_equal(ask("a", 0, &his, &his), CACHE_WAIT);
    assert_int_equal(ask("a", 0, &last, &mine), CACHE_WAIT);
    cache_leave(cache, &mine);
    assert_int_equal(mine.closed + last.closed, 2);
    assert_int_equal(his.closed, 0);
    put("a", "one", &rule, found.ticket, 1);
    assert_int_equal(mine.woken + last.woken, 0);
    assert_int_equal(his.woken, 1);
}

static void a_cache_that_closes_wakes_nobody_to_work(void **state) {
    (void)state;
    struct sleeper sleeper;
    gives("a", 0, CACHE_MISS, NULL);
    assert_int_equal(ask("a", 0, &sleeper, NULL), CACHE_WAIT);
    cache_free(cache);
    cache = NULL;
    assert_int_equal(sleeper.closed, 1);
    assert_int_equal(sleeper.woken, 0);
}

static void a_filler_that_abandons_is_followed_by_the_next(void **state) {
    (void)state;
    fill("a", "one", 0);
    gives("a", 10000, CACHE_MISS, NULL);
    gives("a", 10001, CACHE_STALE, "one");
    abandon("a");
    gives("a", 10002, CACHE_MISS, NULL);
    gives("a", 10003, CACHE_STALE, "one");
    abandon("nothing of this name");
    gives("a", 10004, CACHE_STALE, "one");
}

static void a_filler_that_dies_is_followed_after_its_time(void **state) {
    (void)state;
    struct cache_rule patient = {.ttl_ms = 1000, .stale_ms = 10 * CACHE_FILL_MS};
    assert_int_equal(get("a", 0), CACHE_MISS);
    put("a", "one", &patient, found.ticket, 0);
    gives("a", 1000, CACHE_MISS, NULL);
    gives("a", 1000 + CACHE_FILL_MS - 1, CACHE_STALE, "one");
    gives("a", 1000 + CACHE_FILL_MS, CACHE_MISS, NULL);
    gives("a", 1001 + CACHE_FILL_MS, CACHE_STALE, "one");
}

static void too_large_a_value_is_refused_and_its_old_one_goes(void **state) {
    (void)state;
    static char large[SIZE / 8 + 1];
    struct err err = {0};
    fill("a", "one", 0);
    assert_int_equal(cache_put(cache, "a", 1, large, SIZE / 8 + 1, &rule, 9, at(0), &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "131073"));
    gives("a", 0, CACHE_MISS, NULL);
    uint64_t entries, bytes;
    cache_size(cache, &entries, &bytes);
    assert_int_equal(entries, 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(cache_put(cache, "a", 1, large, SIZE / 8, &rule, 9, at(0), &err), ERR_OK);
    cache_size(cache, &entries, &bytes);
    assert_int_equal(entries, 1);
    assert_in_range(bytes, SIZE / 8, SIZE / 8 + 1000);
    gives("a", 0, CACHE_HIT, NULL);
    assert_int_equal(got.len, SIZE / 8);
    static char long_key[SIZE];
    assert_int_equal(cache_put(cache, long_key, SIZE, "x", 1, &rule, 9, at(0), &err), ERR_LIMIT);
}

static void the_least_recently_used_leaves_first(void **state) {
    (void)state;
    static char value[100001];
    memset(value, 'v', 100000);
    char key[2] = "0";
    for (; key[0] <= '9'; key[0]++) {
        fill(key, value, 0);
        assert_int_equal(get("0", 0), CACHE_HIT); /* kept in use */
    }
    /* ten of 100,000 have room, an eleventh has not */
    for (key[0] = '0'; key[0] <= '9'; key[0]++)
        assert_int_equal(get(key, 0), CACHE_HIT);
    assert_int_equal(get("0", 0), CACHE_HIT);
    fill("x", value, 0);
    assert_int_equal(get("1", 0), CACHE_MISS);
    assert_int_equal(get("0", 0), CACHE_HIT);
    assert_int_equal(get("2", 0), CACHE_HIT);
    fill("y", value, 0); /* 3 is the oldest now, for 2 was asked for */
    assert_int_equal(get("3", 0), CACHE_MISS);
    assert_int_equal(get("2", 0), CACHE_HIT);
    assert_int_equal(get("x", 0), CACHE_HIT);
}

/* Small entries cost their keys and what is around them as well. */
static void small_entries_are_bounded_too(void **state) {
    (void)state;
    char key[32];
    size_t kept = 0, count = 50000;
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "a key of some length %zu", i);
        put(key, "", &rule, 0, 0);
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "a key of some length %zu", i);
        bool hit = get(key, 0) == CACHE_HIT;
        if (hit) kept++;
        if (i >= count - 1000) assert_true(hit); /* the newest are there */
        if (i < 1000) assert_false(hit);
    }
    assert_in_range(kept, 1000, SIZE / 100); /* an entry without a value takes more than 100 bytes */
}

static void a_cache_of_nothing_keeps_nothing(void **state) {
    (void)state;
    struct cache *none = NULL;
    assert_int_equal(cache_new(&none, 0, NULL), ERR_OK);
    assert_int_equal(cache_get(none, "a", 1, at(0), &got, &found, NULL), CACHE_MISS);
    assert_int_equal(cache_put(none, "a", 1, "", 0, &rule, found.ticket, at(0), NULL), ERR_LIMIT);
    assert_int_equal(cache_get(none, "a", 1, at(0), &got, &found, NULL), CACHE_MISS);
    cache_free(none);
    cache_free(NULL);
}

static void times_beyond_measure_do_not_wrap(void **state) {
    (void)state;
    struct cache_rule forever = {.ttl_ms = INT64_MAX, .fresh_ms = INT64_MAX, .stale_ms = INT64_MAX};
    assert_int_equal(get("a", 0), CACHE_MISS);
    put("a", "one", &forever, found.ticket, 0);
    gives("a", 1000LL * 3600 * 24 * 365, CACHE_HIT, "one");
}

/* ---- many threads ---- */

#define THREADS 4
#define ROUNDS  20000

/* What the cached value tells: the world's state. It changes first, then the drop is called, and only then
 * is `announced` raised; so whoever read `announced` must never be served anything older. */
static atomic_int world, announced, broken, hits;

static void *change_the_world(void *ctx) {
    (void)ctx;
    for (int i = 1; i <= ROUNDS / 10; i++) {
        atomic_store(&world, i);
        cache_drop(cache, "sale");
        atomic_store(&announced, i);
    }
    return NULL;
}

static void *ask_the_world(void *ctx) {
    (void)ctx;
    struct cache_rule strict = {.ttl_ms = 100000, .tags = sale, .tag_count = 1};
    struct buf text = {0};
    struct cache_found mine;
    struct standing standing = {0}; /* of what was found last, looked at without the lock */
    int kept = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int least = atomic_load(&announced);
        buf_clear(&text);
        if (standing_holds(&standing, clock_ns()) && kept < least) atomic_fetch_add(&broken, 1);
        if (cache_get(cache, "world", 5, clock_ns(), &text, &mine, NULL) == CACHE_HIT) {
            atomic_fetch_add(&hits, 1);
            kept = atoi(text.data);
            standing = mine.standing;
            if (kept < least) atomic_fetch_add(&broken, 1);
            continue;
        }
        buf_clear(&text);
        buf_add_int(&text, atomic_load(&world));
        cache_put(cache, "world", 5, text.data, text.len, &strict, mine.ticket, clock_ns(), NULL);
    }
    buf_done(&text);
    return NULL;
}

static void nothing_stale_survives_a_drop_among_threads(void **state) {
    (void)state;
    pthread_t threads[THREADS], changer;
    atomic_store(&world, 0);
    atomic_store(&announced, 0);
    assert_int_equal(pthread_create(&changer, NULL, change_the_world, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_the_world, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(changer, NULL);
    assert_int_equal(atomic_load(&broken), 0);
    assert_true(atomic_load(&hits) > 0);
}

/* Every value repeats its key's letter, so a value that is torn or under a wrong key shows. */
static void *use_everything(void *ctx) {
    unsigned seed = (unsigned)(intptr_t)ctx;
    struct buf text = {0};
    struct cache_found mine;
    char value[3000];
    for (int i = 0; i < ROUNDS; i++) {
        char key = (char)('A' + rand_r(&seed) % 50);
        size_t len = (size_t)(1 + rand_r(&seed) % 3000);
        int64_t now = at(i);
        buf_clear(&text);
        if (cache_get(cache, &key, 1, now, &text, &mine, NULL) != CACHE_MISS) {
            for (size_t j = 0; j < text.len; j++)
                if (text.data[j] != key) atomic_fetch_add(&broken, 1);
        } else if (rand_r(&seed) % 8 == 0) {
            cache_abandon(cache, &key, 1);
        } else {
            memset(value, key, len);
            cache_put(cache, &key, 1, value, len, &rule, mine.ticket, now, NULL);
        }
        if (rand_r(&seed) % 100 == 0) cache_drop(cache, "sale");
    }
    buf_done(&text);
    return NULL;
}

static void many_threads_use_a_small_cache(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    struct cache *whole = cache;
    assert_int_equal(cache_new(&cache, 50000, NULL), ERR_OK);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_everything, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cache_free(cache);
    cache = whole;
    assert_int_equal(atomic_load(&broken), 0);
}

/* ---- one fill, many who wait ---- */

#define ASKS 500

struct thread_waiter {
    struct cache_waiter waiter; /* first */
    pthread_mutex_t lock;
    pthread_cond_t there;
    bool woken;
};

static void on_thread_wake(struct cache_waiter *waiter, bool live) {
    struct thread_waiter *mine = (struct thread_waiter *)waiter;
    (void)live;
    pthread_mutex_lock(&mine->lock);
    mine->woken = true;
    pthread_cond_signal(&mine->there);
    pthread_mutex_unlock(&mine->lock);
}

static atomic_int fills;

/* Every round has a key of its own, cold for all; whoever misses fills it, and every fill is counted. */
static void *ask_for_the_cold(void *ctx) {
    struct thread_waiter mine = {.waiter = {.wake = on_thread_wake},
                                 .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .there = PTHREAD_COND_INITIALIZER};
    struct buf text = {0};
    struct cache_found what;
    (void)ctx;
    for (int round = 0; round < ASKS;) {
        enum cache_result result =
            cache_get(cache, (char *)&round, sizeof(round), at(0), &text, &what, &mine.waiter);
        if (result == CACHE_WAIT) {
            pthread_mutex_lock(&mine.lock);
            while (!mine.woken)
                pthread_cond_wait(&mine.there, &mine.lock);
            mine.woken = false;
            pthread_mutex_unlock(&mine.lock);
            continue;
        }
        if (result == CACHE_MISS) {
            atomic_fetch_add(&fills, 1);
            cache_put(cache, (char *)&round, sizeof(round), "x", 1, &rule, what.ticket, at(0), NULL);
        }
        round++;
    }
    buf_done(&text);
    return NULL;
}

static void of_many_threads_one_fills(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    atomic_store(&fills, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_the_cold, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&fills), ASKS);
}

static int set_up(void **state) {
    (void)state;
    atomic_store(&broken, 0);
    if (crypto_open(NULL) != ERR_OK) return -1;
    return cache_new(&cache, SIZE, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    cache_free(cache);
    buf_done(&got);
    return 0;
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(what_was_put_is_served_until_its_ttl),
        WITH(values_are_appended_and_may_hold_anything),
        WITH(a_later_put_replaces),
        WITH(a_clock_read_a_little_before_the_put_is_no_trouble),
        WITH(a_drop_counts_once_the_entry_has_been_fresh),
        WITH(a_drop_of_another_tag_is_nothing),
        WITH(each_of_four_tags_counts),
        WITH(a_drop_during_a_fill_is_honoured),
        WITH(without_a_fresh_time_a_drop_counts_at_once),
        WITH(a_clock_read_earlier_does_not_undo_a_drop),
        WITH(a_storm_of_drops_makes_one_refill_a_fresh_time),
        WITH(a_put_never_replaces_what_began_later),
        WITH(one_fills_and_the_others_get_the_old_value),
        WITH(after_a_drop_too_one_fills_and_the_others_get_the_old_value),
        WITH(too_old_a_value_is_given_to_nobody),
        WITH(a_drop_never_lengthens_a_life),
        WITH(an_answer_stands_until_its_seconds_change),
        WITH(what_stands_says_the_same),
        WITH(a_drop_ends_it_and_another_tags_does_not),
        WITH(whatever_comes_or_goes_under_its_key_ends_it),
        WITH(what_was_dropped_is_due_once),
        WITH(nobody_waits_for_a_renewal),
        WITH(a_drop_during_a_renewal_makes_it_due_again),
        WITH(half_its_time_makes_it_due),
        WITH(what_nobody_asks_for_is_left_alone),
        WITH(those_in_use_last_are_renewed),
        WITH(where_there_is_nothing_one_fills_and_the_others_wait),
        WITH(a_filler_that_gives_up_wakes_those_who_wait),
        WITH(a_filler_that_hangs_is_given_up_in_time),
        WITH(who_leaves_gets_his_waiters_back),
        WITH(a_cache_that_closes_wakes_nobody_to_work),
        WITH(a_filler_that_abandons_is_followed_by_the_next),
        WITH(a_filler_that_dies_is_followed_after_its_time),
        WITH(too_large_a_value_is_refused_and_its_old_one_goes),
        WITH(the_least_recently_used_leaves_first),
        WITH(small_entries_are_bounded_too),
        WITH(a_cache_of_nothing_keeps_nothing),
        WITH(times_beyond_measure_do_not_wrap),
        WITH(nothing_stale_survives_a_drop_among_threads),
        WITH(many_threads_use_a_small_cache),
        WITH(of_many_threads_one_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
