#ifndef PLATEIA_BASE_ERR_H
#define PLATEIA_BASE_ERR_H

/* err.h -- what went wrong: a code that programs branch on, and a sentence that people read.
 *
 * Functions that can fail return an err_code and take a `struct err *` last; it may be NULL. On failure
 * their out parameters are untouched. Library code never logs: it tells its caller, and main, server or
 * scheduler log once. */

enum err_code {
    ERR_OK = 0,
    ERR_INVALID, /* the caller's input is wrong; text says which and how to mend it */
    ERR_NOT_FOUND,
    ERR_EXISTS,
    ERR_BUSY,    /* no capacity now; trying again later is right */
    ERR_TIMEOUT, /* a deadline of ours passed */
    ERR_LIMIT,   /* larger than a limit allows */
    ERR_DENIED,  /* not allowed, or not authentic */
    ERR_UNKNOWN, /* the outcome is not known: the work may or may not have been done */
    ERR_NO_MEMORY,
    ERR_SYSTEM,  /* a system call failed; text holds errno's sentence */
    ERR_DATABASE /* PostgreSQL said no; `state` holds its SQLSTATE */
};

struct err {
    enum err_code code;
    char state[6]; /* SQLSTATE, or empty */
    char text[512];
};

/* Fills *err (when not NULL; clears `state`) and returns code, so that `return err_set(...)` reads well. */
enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: "WHAT: strerror(errno)", ERR_SYSTEM. */
enum err_code err_system(struct err *err, const char *what);

/* Adds what to do about it: "TEXT: ADVICE". The code and `state` stay; NULL is fine. */
void err_advise(struct err *err, const char *advice);

/* The code's lower-case name ("busy"), stable: scripts and logs see it. */
const char *err_name(enum err_code code);

#endif
