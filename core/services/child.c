/* child.c -- fork and exec with everything between.
 *
 * posix_spawn can neither change the user nor set the parent-death signal, so this is fork; between fork and
 * exec only async-signal-safe calls are made, as the parent has threads. Order matters: a change of user
 * clears the death signal, so it is set after that; and a parent that died before it was set is noticed by
 * getppid. What fails after fork is told by an exit code of our own. */

#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_USER = 121, ORPHAN, NO_DIR, NO_FILES, NO_PROGRAM };

static const char *const failures[] = {
    [0] = "could not change its user",
    [ORPHAN - NO_USER] = "was left alone at birth",
    [NO_DIR - NO_USER] = "may not enter its folder (every folder above must let its user pass)",
    [NO_FILES - NO_USER] = "could not open its input or output",
    [NO_PROGRAM - NO_USER] = "could not be executed",
};

/* A copy above 2, as one of ours may have landed there if we were started without standard files. */
static int lift(int fd) {
    if (fd < 0) fd = open("/dev/null", O_RDWR);
    return fcntl(fd, F_DUPFD, 3);
}

static void close_others(void) {
    if (close_range(3, ~0U, 0) == 0) return;
    for (int fd = 3; fd < 65536; fd++) /* Linux before 5.9 */
        close(fd);
}

static void reset_signals(void) {
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct child_options *options, pid_t parent) {
    const struct child_user *user = &options->user;
    int in, out;

    if (user->change && (setgroups(0, NULL) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
                         setresuid(user->uid, user->uid, user->uid) != 0))
        _exit(NO_USER);
    if (prctl(PR_SET_PDEATHSIG, options->death_signal) != 0 || getppid() != parent) _exit(ORPHAN);
    setsid(); /* Ctrl-C in our terminal is for us to pass on */
    umask(077);
    if (chdir(options->dir) != 0) _exit(NO_DIR);
    in = lift(options->in);
    out = lift(options->out);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(NO_FILES);
    close_others();
    reset_signals();
    execve(options->argv[0], (char *const *)options->argv, (char *const *)options->environment);
    _exit(NO_PROGRAM);
}

enum err_code child_start(pid_t *ret, const struct child_options *options, struct err *err) {
    sigset_t all, before;
    pid_t parent = getpid(), pid;

    /* No handler of ours may run in the child. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) become(options, parent);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) return err_system(err, "fork");
    *ret = pid;
    return ERR_OK;
}

enum err_code child_run(const struct child_options *options, struct err *err) {
    pid_t pid = 0;
    int status;
    char words[128];
    enum err_code code = child_start(&pid, options, err);

    if (code != ERR_OK) return code;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return err_system(err, "waitpid");
    if (status == 0) return ERR_OK;
    child_describe(status, words, sizeof words);
    return err_set(err, ERR_SYSTEM, "%s", words);
}

void child_describe(int status, char *ret, size_t size) {
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (WIFSIGNALED(status))
        snprintf(ret, size, "was killed by signal %d", WTERMSIG(status));
    else if (code >= NO_USER && code <= NO_PROGRAM)
        snprintf(ret, size, "%s", failures[code - NO_USER]);
    else
        snprintf(ret, size, "ended with exit code %d", code);
}
