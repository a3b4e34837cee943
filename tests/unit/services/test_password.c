/* test_password.c -- jobs come home done, in the asker's thread; a full queue says so; none is lost at the
 * end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/reactor.h"
#include "../../../core/services/password.h"
#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define TOO_LATE (60 * CLOCK_NS_PER_S)

static const struct crypto_cost cheap = {8, 1};
/* dear enough to hold a thread while the test fills the queue behind it */
static const struct crypto_cost dear = {16 * 1024, 4};

/* All of it belongs to the reactor's thread. */
static struct reactor *reactor;
static struct mailbox *mailbox;
static struct reactor_timer deadline;
static pthread_t home;
static struct password_job *came[64];
static size_t came_count, wanted, dead_count;

static void on_deadline(void *ctx) {
    (void)ctx;
    reactor_stop(reactor);
}

static int set_up(void **state) {
    (void)state;
    came_count = wanted = dead_count = 0;
    home = pthread_self();
    deadline = (struct reactor_timer){.fn = on_deadline};
    if (crypto_open(NULL) != ERR_OK || reactor_new(&reactor, NULL) != ERR_OK) return -1;
    if (reactor_timer_start(reactor, &deadline, TOO_LATE, NULL) != ERR_OK) return -1;
    return mailbox_new(&mailbox, reactor, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    mailbox_free(mailbox);
    reactor_free(reactor);
    for (size_t i = 0; i < came_count; i++)
        password_job_free(came[i]);
    return 0;
}

static void done(struct password_job *job, bool live) {
    assert_true(pthread_equal(home, pthread_self()));
    if (!live) dead_count++;
    came[came_count++] = job;
    if (came_count == wanted) reactor_stop(reactor);
}

static struct hasher *start(struct crypto_cost cost, unsigned threads, unsigned queue) {
    struct hasher *hasher = NULL;
    struct hasher_options options = {.threads = threads, .queue = queue, .cost = cost};
    assert_int_equal(hasher_new(&hasher, &options, NULL), ERR_OK);
    return hasher;
}

static struct password_job *job_of(enum password_work work, const char *password, const char *hash) {
    struct password_job *job = password_job_new(work, password, strlen(password), hash);
    assert_non_null(job);
    job->done = done;
    return job;
}

static void submit(struct hasher *hasher, enum password_work work, const char *password, const char *hash) {
    assert_int_equal(hasher_submit(hasher, mailbox, job_of(work, password, hash), NULL), ERR_OK);
}

static void wait_for(size_t count) {
    wanted = count;
    if (came_count < wanted) reactor_run(reactor);
    assert_int_equal(came_count, wanted);
}

static void hashes_and_verifies(void **state) {
    (void)state;
    struct hasher *hasher = start(cheap, 1, 8);
    submit(hasher, PASSWORD_HASH, "open sesame", NULL);
    wait_for(1);
    assert_int_equal(came[0]->err.code, ERR_OK);
    assert_true(crypto_password_matches(came[0]->hash, "open sesame", 11));
    assert_false(crypto_password_outdated(came[0]->hash, cheap));

    submit(hasher, PASSWORD_VERIFY, "open sesame", came[0]->hash);
    submit(hasher, PASSWORD_VERIFY, "open barley", came[0]->hash);
    wait_for(3);
    assert_true(came[1]->matches);
    assert_false(came[1]->outdated);
    assert_string_equal(came[1]->hash, came[0]->hash);
    assert_false(came[2]->matches);
    assert_int_equal(came[1]->err.code, ERR_OK);
    assert_int_equal(came[2]->err.code, ERR_OK);
    hasher_free(hasher);
}

static void a_job_keeps_what_its_asker_put_in(void **state) {
    (void)state;
    struct hasher *hasher = start(cheap, 1, 8);
    struct password_job *job = job_of(PASSWORD_HASH, "x", NULL);
    job->who = (struct ticket){.slot = 3, .serial = 9};
    job->ctx = &job;
    assert_int_equal(hasher_submit(hasher, mailbox, job, NULL), ERR_OK);
    wait_for(1);
    assert_ptr_equal(came[0], job);
    assert_int_equal(job->who.slot, 3);
    assert_int_equal(job->who.serial, 9);
    assert_ptr_equal(job->ctx, &job);
    hasher_free(hasher);
}

static void an_old_cost_is_made_new_when_the_password_was_right(void **state) {
    (void)state;
    char old[CRYPTO_PASSWORD_SIZE];
    struct crypto_cost dearer = {16, 2};
    assert_int_equal(crypto_password_hash(old, "right", 5, cheap, NULL), ERR_OK);
    struct hasher *hasher = start(dearer, 1, 8);
    submit(hasher, PASSWORD_VERIFY, "wrong", old);
    submit(hasher, PASSWORD_VERIFY, "right", old);
    wait_for(2);
    assert_false(came[0]->matches || came[0]->outdated);
    assert_string_equal(came[0]->hash, old);
    assert_true(came[1]->matches && came[1]->outdated);
    assert_false(crypto_password_outdated(came[1]->hash, dearer));
    assert_true(crypto_password_matches(came[1]->hash, "right", 5));
    hasher_free(hasher);
}

static int64_t best_of_three(struct hasher *hasher, const char *hash) {
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        int64_t before = clock_ns();
        submit(hasher, PASSWORD_VERIFY, "some password", hash);
        wait_for(came_count + 1);
        assert_false(came[came_count - 1]->matches);
        assert_int_equal(came[came_count - 1]->err.code, ERR_OK);
        int64_t took = clock_ns() - before;
        if (took < best) best = took;
    }
    return best;
}

/* Without the dummy the unknown would be answered hundreds of times sooner. */
static void an_unknown_name_takes_as_long_as_a_wrong_password(void **state) {
    (void)state;
    char hash[CRYPTO_PASSWORD_SIZE];
    assert_int_equal(crypto_password_hash(hash, "another", 7, dear, NULL), ERR_OK);
    struct hasher *hasher = start(dear, 1, 8);
    int64_t wrong = best_of_three(hasher, hash);
    assert_true(best_of_three(hasher, NULL) > wrong / 20);
    assert_true(best_of_three(hasher, "") > wrong / 20);
    assert_true(best_of_three(hasher, "!") > wrong / 20); /* an account that was locked by hand */
    hasher_free(hasher);
}

static void a_full_queue_says_busy_and_leaves_the_job(void **state) {
    (void)state;
    struct hasher *hasher = start(dear, 1, 3);
    struct err err = {0};
    size_t taken = 0;
    struct password_job *job;
    while (hasher_submit(hasher, mailbox, (job = job_of(PASSWORD_HASH, "x", NULL)), &err) == ERR_OK)
        assert_in_range(++taken, 1, 40);
    assert_int_equal(err.code, ERR_BUSY);
    assert_in_range(taken, 3, 40); /* three wait; the thread may have taken some before */
    assert_int_equal(job->password_len, 1);
    assert_int_equal(job->password[0], 'x');
    password_job_free(job);
    wait_for(taken);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(came[i]->err.code, ERR_OK);
    submit(hasher, PASSWORD_HASH, "y", NULL); /* there is room again */
    wait_for(taken + 1);
    hasher_free(hasher);
}

static void at_the_end_every_job_comes_home(void **state) {
    (void)state;
    struct hasher *hasher = start(dear, 2, 16);
    for (int i = 0; i < 16; i++)
        submit(hasher, PASSWORD_HASH, "x", NULL);
    hasher_free(hasher); /* waits for those that run */
    wait_for(16);
    size_t busy = 0, finished = 0;
    for (size_t i = 0; i < 16; i++) {
        if (came[i]->err.code == ERR_BUSY) busy++;
        if (came[i]->err.code == ERR_OK) finished++;
        assert_int_equal(came[i]->err.code == ERR_OK, came[i]->hash[0] == '$');
    }
    assert_int_equal(busy + finished, 16);
    assert_true(busy > 0);
}

static void jobs_reach_a_mailbox_that_closes_as_dead(void **state) {
    (void)state;
    struct hasher *hasher = start(cheap, 1, 8);
    submit(hasher, PASSWORD_HASH, "x", NULL);
    submit(hasher, PASSWORD_HASH, "y", NULL);
    hasher_free(hasher);
    mailbox_free(mailbox);
    assert_int_equal(dead_count, 2);
    assert_int_equal(mailbox_new(&mailbox, reactor, NULL), ERR_OK); /* for tear_down */
}

static void a_cost_that_cannot_be_is_told_at_the_start(void **state) {
    (void)state;
    struct hasher *hasher = NULL;
    struct err err = {0};
    struct hasher_options options = {.threads = 1, .queue = 1, .cost = {1, 1}};
    assert_int_equal(hasher_new(&hasher, &options, &err), ERR_INVALID);
    options = (struct hasher_options){.threads = 0, .queue = 1, .cost = cheap};
    assert_int_equal(hasher_new(&hasher, &options, &err), ERR_INVALID);
    options = (struct hasher_options){.threads = 1, .queue = 0, .cost = cheap};
    assert_int_equal(hasher_new(&hasher, &options, &err), ERR_INVALID);
    assert_null(hasher);
    hasher_free(NULL);
    password_job_free(NULL);
}

/* The nice value of the thread that is called so; -100 when there is none. */
static int nice_of(const char *thread_name) {
    char path[300], name[32];
    int found = -100;
    DIR *threads = opendir("/proc/self/task");
    assert_non_null(threads);
    for (struct dirent *entry; (entry = readdir(threads));) {
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file) continue;
        if (fgets(name, sizeof(name), file) && strncmp(name, thread_name, strlen(thread_name)) == 0)
            found = getpriority(PRIO_PROCESS, (id_t)atoi(entry->d_name));
        fclose(file);
    }
    closedir(threads);
    return found;
}

static void its_threads_are_niced_and_ours_is_not(void **state) {
    (void)state;
    int ours = getpriority(PRIO_PROCESS, 0);
    struct hasher *hasher = start(cheap, 1, 8);
    submit(hasher, PASSWORD_HASH, "x", NULL); /* once it has worked, it has a name */
    wait_for(1);
    assert_in_range(nice_of("hasher"), 10, 19);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), ours);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    hasher_free(hasher);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(hashes_and_verifies),
        WITH(a_job_keeps_what_its_asker_put_in),
        WITH(an_old_cost_is_made_new_when_the_password_was_right),
        WITH(an_unknown_name_takes_as_long_as_a_wrong_password),
        WITH(a_full_queue_says_busy_and_leaves_the_job),
        WITH(at_the_end_every_job_comes_home),
        WITH(jobs_reach_a_mailbox_that_closes_as_dead),
        WITH(a_cost_that_cannot_be_is_told_at_the_start),
        WITH(its_threads_are_niced_and_ours_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
