/* password.c -- the hasher's threads and their queue.
 *
 * argon2id costs tens of milliseconds and megabytes by design, so it must run neither on a reactor (which
 * would stop) nor at a reactor's priority (a crowd signing in would slow everyone who already is): the
 * threads here are niced batch threads. The queue is short, because a sign-in that waits for seconds is
 * given up and tried again: better to say "busy" at once. */

#include "password.h"
#include "../base/clock.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NICE 10

struct hasher {
    struct crypto_cost cost;
    char dummy[CRYPTO_PASSWORD_SIZE]; /* a hash that nobody knows the password of */

    pthread_mutex_t lock; /* guards all below but `threads` */
    pthread_cond_t wake;
    struct password_job *first, *last;
    unsigned waiting, most;
    bool stopping;

    unsigned thread_count;
    pthread_t threads[];
};

static void deliver(struct mail *mail, bool live) {
    struct password_job *job = (struct password_job *)mail;
    job->done(job, live);
}

static void send_home(struct password_job *job) {
    job->mail.deliver = deliver;
    mailbox_post(job->reply, &job->mail);
}

static void verify(const struct hasher *hasher, struct password_job *job) {
    /* a hash of ours starts with '$'; anything else is an account that nobody can sign in to */
    bool known = job->hash[0] == '$';
    bool matches =
        crypto_password_matches(known ? job->hash : hasher->dummy, job->password, job->password_len);
    job->matches = known && matches;
    if (!job->matches || !crypto_password_outdated(job->hash, hasher->cost)) return;
    /* signing in has succeeded; when the new hash cannot be made now, the next time will do */
    job->outdated =
        crypto_password_hash(job->hash, job->password, job->password_len, hasher->cost, NULL) == ERR_OK;
}

static void work(const struct hasher *hasher, struct password_job *job) {
    if (job->work == PASSWORD_VERIFY)
        verify(hasher, job);
    else
        crypto_password_hash(job->hash, job->password, job->password_len, hasher->cost, &job->err);
}

/* The next job; NULL when the hasher stops. */
static struct password_job *take(struct hasher *hasher) {
    pthread_mutex_lock(&hasher->lock);
    while (!hasher->first && !hasher->stopping)
        pthread_cond_wait(&hasher->wake, &hasher->lock);
    struct password_job *job = hasher->first;
    if (job) {
        hasher->first = job->next;
        hasher->waiting--;
    }
    pthread_mutex_unlock(&hasher->lock);
    return job;
}

static void *run(void *ctx) {
    struct hasher *hasher = ctx;
    /* both are wishes: without them the work is done all the same. On Linux each is the thread's own. */
    setpriority(PRIO_PROCESS, 0, NICE);
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &(struct sched_param){0});
    pthread_setname_np(pthread_self(), "hasher");

    struct password_job *job;
    while ((job = take(hasher))) {
        job->queued_ns = clock_ns() - job->submitted_ns;
        work(hasher, job);
        send_home(job);
    }
    return NULL;
}

/* Signals are for main: the threads are born with all of them blocked. */
static enum err_code start_threads(struct hasher *hasher, unsigned count, struct err *err) {
    sigset_t all, before;
    int failed = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (hasher->thread_count < count && !failed) {
        failed = pthread_create(&hasher->threads[hasher->thread_count], NULL, run, hasher);
        if (!failed) hasher->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? err_set(err, ERR_SYSTEM, "starting a hasher thread: %s", strerror(failed)) : ERR_OK;
}

static enum err_code make_dummy(struct hasher *hasher, struct err *err) {
    char secret[16];
    crypto_random(secret, sizeof secret);
    return crypto_password_hash(hasher->dummy, secret, sizeof secret, hasher->cost, err);
}

enum err_code hasher_new(struct hasher **ret, const struct hasher_options *options, struct err *err) {
    if (options->threads == 0 || options->queue == 0)
        return err_set(err, ERR_INVALID, "a hasher needs at least one thread and a queue of one");
    struct hasher *hasher = calloc(1, sizeof *hasher + options->threads * sizeof *hasher->threads);
    if (!hasher) return err_set(err, ERR_NO_MEMORY, "no memory for the hasher");
    hasher->cost = options->cost;
    hasher->most = options->queue;
    pthread_mutex_init(&hasher->lock, NULL);
    pthread_cond_init(&hasher->wake, NULL);

    enum err_code code = make_dummy(hasher, err);
    if (code == ERR_OK) code = start_threads(hasher, options->threads, err);
    if (code != ERR_OK) {
        hasher_free(hasher);
        return code;
    }
    *ret = hasher;
    return ERR_OK;
}

/* Takes what waits out of the queue and tells the threads to end. */
static struct password_job *stop(struct hasher *hasher) {
    pthread_mutex_lock(&hasher->lock);
    struct password_job *left = hasher->first;
    hasher->first = NULL;
    hasher->stopping = true;
    pthread_cond_broadcast(&hasher->wake);
    pthread_mutex_unlock(&hasher->lock);
    return left;
}

void hasher_free(struct hasher *hasher) {
    if (!hasher) return;
    struct password_job *job = stop(hasher), *next;
    for (; job; job = next) {
        next = job->next; /* once posted, the job is no longer ours to read */
        err_set(&job->err, ERR_BUSY, "the server is stopping");
        send_home(job);
    }
    for (unsigned i = 0; i < hasher->thread_count; i++)
        pthread_join(hasher->threads[i], NULL);
    pthread_cond_destroy(&hasher->wake);
    pthread_mutex_destroy(&hasher->lock);
    free(hasher);
}

struct password_job *password_job_new(enum password_work work, const char *password, size_t len,
                                      const char *hash) {
    struct password_job *job = calloc(1, sizeof *job);
    char *copy = malloc(len + 1);
    if (!job || !copy) {
        free(job);
        free(copy);
        return NULL;
    }
    if (len) memcpy(copy, password, len);
    job->work = work;
    job->password = copy;
    job->password_len = len;
    if (hash) strncpy(job->hash, hash, sizeof job->hash - 1);
    return job;
}

void password_job_free(struct password_job *job) {
    if (!job) return;
    crypto_wipe(job->password, job->password_len);
    free(job->password);
    free(job);
}

enum err_code hasher_submit(struct hasher *hasher, struct mailbox *reply, struct password_job *job,
                            struct err *err) {
    job->reply = reply;
    job->next = NULL;
    job->submitted_ns = clock_ns();
    pthread_mutex_lock(&hasher->lock);
    bool full = hasher->waiting == hasher->most;
    if (!full) {
        if (hasher->first)
            hasher->last->next = job;
        else
            hasher->first = job;
        hasher->last = job;
        hasher->waiting++;
        pthread_cond_signal(&hasher->wake);
    }
    pthread_mutex_unlock(&hasher->lock);
    if (full) return err_set(err, ERR_BUSY, "too many passwords are waiting: try again in a moment");
    return ERR_OK;
}
