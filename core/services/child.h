#ifndef PLATEIA_SERVICES_CHILD_H
#define PLATEIA_SERVICES_CHILD_H

/* child.h -- starts a program that dies with us, and says how it ended. Whoever starts it waits for it.
 *
 * The kernel sends the death signal when the *thread* that called child_start ends: start long-lived children
 * from a thread that lives as long as they may. A child inherits nothing: no descriptors but the two given,
 * no signal settings, no environment, no terminal. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child_user {
    bool change; /* false: as who we are */
    uid_t uid;
    gid_t gid;
};

struct child_options {
    const char *const *argv; /* argv[0] is the program's absolute path */
    const char *const *environment;
    const char *dir; /* its working directory */
    struct child_user user;
    int in, out;      /* standard input; standard output and error. -1: /dev/null */
    int death_signal; /* what it gets when we die */
};

enum err_code child_start(pid_t *ret, const struct child_options *options, struct err *err);

/* Runs it to its end. ERR_SYSTEM unless it exits with 0; the text is child_describe's. */
enum err_code child_run(const struct child_options *options, struct err *err);

/* A wait status in words: "ended with exit code 1", "was killed by signal 9". */
void child_describe(int status, char *ret, size_t size);

#endif
