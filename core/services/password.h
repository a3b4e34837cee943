#ifndef PLATEIA_SERVICES_PASSWORD_H
#define PLATEIA_SERVICES_PASSWORD_H

/* password.h -- the hasher: argon2id on threads of its own, at low priority, behind a bounded queue.
 *
 * A job is the asker's memory; submitting hands it over, and `done` is called with it in the thread of the
 * reply mailbox; done frees it (password_job_free wipes the password). A verification without a stored hash
 * runs against a dummy of the same cost and never matches, so an unknown name takes as long as a wrong
 * password. */

#include "../base/mailbox.h"
#include "../base/ticket.h"
#include "crypto.h"

struct hasher;

enum password_work { PASSWORD_HASH, PASSWORD_VERIFY };

struct password_job {
    struct mail mail; /* first: the letter that brings the job home */
    enum password_work work;
    struct ticket who;
    void *ctx;
    void (*done)(struct password_job *job, bool live);
    char *password; /* malloc'ed, owned by the job */
    size_t password_len;
    /* in for VERIFY ("" or a stored hash), out for HASH and for VERIFY when `outdated` */
    char hash[CRYPTO_PASSWORD_SIZE];
    bool matches, outdated;
    int64_t queued_ns; /* out: how long it waited for a thread */
    struct err err;    /* code ERR_OK when the work was done */
    /* private */
    struct mailbox *reply;
    struct password_job *next;
    int64_t submitted_ns;
};

struct hasher_options {
    unsigned threads;
    unsigned queue;
    struct crypto_cost cost;
};

enum err_code hasher_new(struct hasher **ret, const struct hasher_options *options, struct err *err);
void hasher_free(struct hasher *hasher); /* waits for the running jobs; queued ones come home with ERR_BUSY */

/* A copy of the password in a new job; NULL when memory ran out. `hash` may be NULL or "" (unknown user). */
struct password_job *password_job_new(enum password_work work, const char *password, size_t len,
                                      const char *hash);
void password_job_free(struct password_job *job);

/* ERR_BUSY when the queue is full: the job stays the caller's. */
enum err_code hasher_submit(struct hasher *hasher, struct mailbox *reply, struct password_job *job,
                            struct err *err);

#endif
