/* test_watch.c -- every way in which people and machines put new files in place, seen by inotify alone and by
 * looking alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/base/log.h"
#include "../../../core/services/watch.h"
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "../support/tree.h"

#define SOON  20000 /* far more than it takes */
#define HOURS 10000000

static struct watch *watch;
static bool by_inotify;

static int set_up(void **state) {
    return tree_make(state);
}

static int tear_down(void **state) {
    watch_close(watch);
    watch = NULL;
    return tree_remove(state);
}

/* Opens it on scripts and queries below the tree. */
static void open_on(const char *scripts, const char *queries) {
    const char *dirs[] = {tree_path(scripts), tree_path(queries)};
    struct err err;
    if (watch_open(&watch, dirs, 2, &err) != ERR_OK) fail_msg("%s", err.text);
    if (by_inotify)
        watch_tune(watch, true, HOURS);
    else
        watch_tune(watch, false, 20);
}

static void plain(void) {
    tree_sh("mkdir -p scripts/routes queries; echo 1 >scripts/app.lua; echo 1 >scripts/routes/a.lua; "
            "echo 1 >queries/q.sql");
    open_on("scripts", "queries");
}

#define assert_wakes() assert_true(watch_wait(watch, -1, SOON))
#define assert_calm()  assert_false(watch_wait(watch, -1, 150))

#define assert_seen(...)                                                                                     \
    do {                                                                                                     \
        tree_sh(__VA_ARGS__);                                                                                \
        assert_wakes();                                                                                      \
    } while (0)

/* --- what counts ------------------------------------------------------------------------------------- */

static void ways_to_save(void) {
    plain();
    assert_calm();
    assert_seen("echo 2 >scripts/app.lua");
    assert_seen("echo 2 >scripts/routes/a.lua");
    assert_seen("echo 2 >queries/q.sql");
    assert_seen("echo 3 >scripts/t; mv scripts/t scripts/app.lua");
    assert_seen("echo 4 >scripts/t; mv scripts/t scripts/app.lua"); /* the second rename, too */
    assert_seen(": >scripts/app.lua; echo 555 >>scripts/app.lua");
    assert_seen("touch scripts/4913; rm scripts/4913; touch scripts/.app.lua.swp;"
                "mv scripts/app.lua scripts/app.lua~; echo 6 >scripts/app.lua; rm scripts/app.lua~");
    assert_seen("echo 7 >scripts/new.lua");
    assert_seen("mv scripts/new.lua scripts/newer.lua");
    assert_seen("rm scripts/newer.lua");
    assert_seen("mkdir scripts/deep scripts/deep/er; echo 8 >scripts/deep/er/x.lua");
    assert_seen("echo 9 >scripts/deep/er/x.lua");
    assert_seen("mv scripts/deep scripts/deeper");
    assert_seen("echo 8 >scripts/deeper/er/x.lua");
    assert_seen("rm -r scripts/deeper");
    assert_seen("chmod 0 queries/q.sql");
    assert_seen("ln -s nowhere scripts/lost");
    assert_seen("rm scripts/lost");
}

static void what_does_not_count(void) {
    plain();
    tree_sh("echo 1 >scripts/.app.lua.swp; touch scripts/4913; echo 1 >scripts/app.lua~; "
            "echo 1 >scripts/a_spec.lua; echo 1 >scripts/data.json; echo 1 >queries/README.md; "
            "mkdir scripts/empty; mkdir scripts/.git; echo 1 >scripts/.git/x.lua; echo 1 >beside.lua; "
            "ln -s nowhere scripts/.#app.lua");
    assert_calm();
    tree_sh("rm scripts/4913 scripts/app.lua~");
    assert_calm();
    assert_seen("echo 1 >scripts/empty/x.lua"); /* and yet the new folder is watched */
}

static void many_at_once(void) {
    plain();
    assert_seen("for i in $(seq 100); do echo $i >scripts/m$i.lua; done");
    assert_calm();
}

/* --- swapped folders and links ------------------------------------------------------------------------ */

static void swapped_folder(void) {
    plain();
    assert_seen("mkdir next; echo 1 >next/app.lua; mv scripts old; mv next scripts");
    assert_seen("echo 2 >scripts/app.lua");
    assert_seen("rm -r scripts");
    assert_seen("mkdir scripts; echo 3 >scripts/app.lua");
    assert_seen("echo 4 >scripts/app.lua");
    tree_sh("echo 5 >old/app.lua"); /* not ours any more */
    assert_calm();
}

static void swapped_parent(void) {
    tree_sh("mkdir -p site/scripts site/queries; echo 1 >site/scripts/a.lua");
    open_on("site/scripts", "site/queries");
    tree_sh("cp -r site next; echo 2 >next/scripts/a.lua");
    assert_calm();
    assert_seen("mv site old; mv next site");
    assert_seen("echo 3 >site/scripts/a.lua");
}

static void swapped_root_link(void) {
    tree_sh("mkdir -p releases/7/scripts releases/8/scripts queries; ln -s releases/7 current; "
            "echo 1 >releases/7/scripts/app.lua; ln releases/7/scripts/app.lua releases/8/scripts/app.lua");
    open_on("current/scripts", "queries");
    assert_calm();
    assert_seen("ln -s releases/8 t; mv -T t current"); /* the very same files, but another folder */
    assert_seen("echo 2 >releases/8/scripts/app.lua");
    assert_seen("ln -s releases/7 t; mv -T t current");
    assert_seen("mv releases/7 releases/6"); /* a link to nowhere */
    assert_seen("mv releases/6 releases/7");
}

/* The folder itself is the link, as DIR/scripts -> releases/7. */
static void swapped_link(void) {
    tree_sh("mkdir -p releases/7 releases/8 queries; ln -s releases/7 scripts; "
            "echo 1 >releases/7/a.lua; echo 1 >releases/8/a.lua");
    open_on("scripts", "queries");
    assert_seen("ln -s \"$PWD/releases/8\" t; mv -T t scripts");
    assert_seen("echo 2 >releases/8/a.lua");
}

/* A volume of Kubernetes: everything is a link into ..data, and ..data is a link that is renamed over. */
static void kubernetes(void) {
    tree_sh("mkdir -p queries scripts/..1/routes; cd scripts; echo 1 >..1/app.lua; echo 1 >..1/routes/a.lua; "
            "ln -s ..1 ..data; ln -s ..data/app.lua app.lua; ln -s ..data/routes routes");
    open_on("scripts", "queries");
    assert_calm();
    tree_sh("cd scripts; cp -r ..1 ..2");
    assert_calm();
    assert_seen("cd scripts; ln -s ..2 ..data_tmp; mv -T ..data_tmp ..data; rm -r ..1");
    assert_seen("echo 2 >scripts/..2/routes/a.lua");
}

/* Links out of the folder: to a file, and to a folder that is swapped where it lies. */
static void links_that_lead_out(void) {
    tree_sh("mkdir -p queries scripts shared/lib other; echo 1 >other/x.lua; echo 1 >shared/lib/y.lua; "
            "ln -s ../other/x.lua scripts/x.lua; ln -s \"$PWD/shared/lib\" scripts/lib");
    open_on("scripts", "queries");
    assert_seen("echo 2 >other/x.lua");
    assert_seen("echo 2 >other/t; mv other/t other/x.lua");
    assert_seen("echo 2 >shared/lib/y.lua");
    assert_seen(
        "mkdir shared/new; echo 3 >shared/new/y.lua; mv shared/lib shared/old; mv shared/new shared/lib");
    assert_seen("rm other/x.lua");
    assert_seen("echo 4 >other/x.lua");
}

static void links_in_a_circle(void) {
    plain();
    tree_sh("ln -s . scripts/self; ln -s b scripts/a; ln -s a scripts/b");
    assert_wakes();
    assert_seen("rm scripts/self scripts/a scripts/b");
    assert_seen("echo 2 >scripts/routes/a.lua");
}

/* --- when it wakes ----------------------------------------------------------------------------------- */

static int64_t milliseconds_since(int64_t start) {
    return (clock_ns() - start) / CLOCK_NS_PER_MS;
}

static void test_waits_until_it_is_quiet(void **state) {
    (void)state;
    by_inotify = true;
    plain();
    for (int i = 0; i < 3; i++) {
        int64_t start = clock_ns();
        tree_sh("echo %d >scripts/app.lua", 100 + i);
        assert_wakes();
        assert_true(milliseconds_since(start) >= 50);
    }
}

static atomic_bool writer_ends;

static void *write_without_end(void *path) {
    for (unsigned i = 0; !atomic_load(&writer_ends); i++) {
        FILE *file = fopen(path, "w");
        if (file) fprintf(file, "%u", i), fclose(file);
    }
    return NULL;
}

static void who_never_stops_writing(void) {
    char path[PATH_MAX];
    pthread_t thread;
    plain();
    snprintf(path, sizeof path, "%s", tree_path("scripts/app.lua"));
    atomic_store(&writer_ends, false);
    assert_int_equal(pthread_create(&thread, NULL, write_without_end, path), 0);
    bool first = watch_wait(watch, -1, SOON), second = watch_wait(watch, -1, SOON);
    atomic_store(&writer_ends, true);
    pthread_join(thread, NULL);
    assert_true(first && second);
}

static void test_wake_fd(void **state) {
    (void)state;
    int wake = eventfd(0, EFD_CLOEXEC);
    uint64_t one = 1;
    by_inotify = true;
    plain();
    assert_int_equal(write(wake, &one, sizeof one), sizeof one);
    assert_false(watch_wait(watch, wake, -1)); /* at all: it would wait for ever */
    tree_sh("echo 2 >scripts/app.lua");
    assert_false(watch_wait(watch, wake, -1)); /* unread, it still says so */
    assert_int_equal(read(wake, &one, sizeof one), sizeof one);
    assert_true(watch_wait(watch, wake, SOON)); /* and the edit is not forgotten */
    assert_false(watch_wait(watch, wake, 0));
    close(wake);
}

static void what_is_noticed_counts_for_the_next_wait(void) {
    plain();
    tree_sh("echo 2 >scripts/app.lua");
    for (int64_t start = clock_ns(); !watch_wait(watch, -1, 0);)
        assert_true(milliseconds_since(start) < SOON);
}

/* --- what inotify does not do ------------------------------------------------------------------------- */

static long events_it_holds(void) {
    long count = 0;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (!file || fscanf(file, "%ld", &count) != 1) count = 0;
    if (file) fclose(file);
    return count;
}

/* The queue is filled with what does not matter; the edit's own event is lost. */
static void test_a_queue_that_ran_over(void **state) {
    (void)state;
    long room = events_it_holds();
    if (room <= 0 || room > 200000) skip();
    by_inotify = true;
    plain();
    int beside[] = {open(tree_path("a"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
                    open(tree_path("b"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    for (long i = 0; i < room + 10; i++) /* in turns: two of a kind in a row are one event */
        assert_int_equal(pwrite(beside[i % 2], "", 1, 0), 1);
    close(beside[0]), close(beside[1]);
    tree_sh("echo 2 >scripts/app.lua");
    assert_wakes();
}

/* What is logged from here on. */
static int log_pipe[2];

static void hear(void) {
    assert_int_equal(pipe2(log_pipe, O_NONBLOCK | O_CLOEXEC), 0);
    log_open(LOG_JSON, LOG_INFO, log_pipe[1]);
}

static void assert_said_once(const char *why) {
    char said[1024] = "";
    ssize_t len = read(log_pipe[0], said, sizeof said - 1);
    log_open(LOG_TEXT, LOG_INFO, 1);
    close(log_pipe[0]), close(log_pipe[1]);
    assert_true(len > 0);
    assert_non_null(strstr(said, "without inotify"));
    assert_non_null(strstr(said, why));
    assert_ptr_equal(strchr(said, '\n'), said + len - 1);
}

/* Where the limit of inotify instances, or of descriptors, is reached. */
static void test_no_inotify_to_be_had(void **state) {
    struct rlimit limit, none;
    const char *dirs[] = {tree_path("scripts")};
    (void)state;
    hear();
    tree_sh("mkdir scripts; echo 1 >scripts/app.lua");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err_code code = watch_open(&watch, dirs, 1, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(code, ERR_OK);
    assert_wakes(); /* as it could see nothing at first */
    tree_sh("echo 2 >scripts/app.lua");
    assert_wakes();
    assert_said_once("Too many open files");
}

static void test_more_folders_than_are_watched(void **state) {
    (void)state;
    hear();
    by_inotify = true;
    tree_sh("mkdir -p scripts queries; cd scripts; seq 1100 | xargs mkdir; echo 1 >1100/a.lua");
    open_on("scripts", "queries");
    watch_tune(watch, true, 20);
    assert_seen("echo 2 >scripts/1100/a.lua");
    assert_said_once("there are too many folders");
}

/* How many folders the kernel watches for us. */
static int kernel_watches(void) {
    FILE *list = popen("grep -hc '^inotify wd' /proc/$PPID/fdinfo/* 2>/dev/null", "r");
    int count = 0, more;
    assert_non_null(list);
    while (fscanf(list, "%d", &more) == 1)
        count += more;
    pclose(list);
    return count;
}

static void test_nothing_leaks(void **state) {
    (void)state;
    tree_sh("mkdir -p scripts/routes queries; echo 1 >scripts/routes/a.lua; ln -s nowhere scripts/b.lua");
    int before = tree_descriptors();
    by_inotify = true;
    open_on("scripts", "queries");
    int open = tree_descriptors(), watches = kernel_watches();
    assert_true(watches >= 3);
    for (int i = 0; i < 5; i++)
        assert_seen("mv scripts/routes old%d; cp -r old%d scripts/routes; echo %d >scripts/routes/a.lua", i,
                    i, i);
    assert_int_equal(tree_descriptors(), open);
    assert_int_equal(kernel_watches(), watches);
    watch_close(watch);
    watch = NULL;
    assert_int_equal(tree_descriptors(), before);
}

static void test_too_many_to_watch(void **state) {
    (void)state;
    const char *dirs[WATCH_FOLDERS + 1] = {0};
    struct err err;
    assert_int_equal(watch_open(&watch, dirs, WATCH_FOLDERS + 1, &err), ERR_LIMIT);
    assert_null(watch);
}

/* Each of them twice. */
#define TWICE(name)                                                                                          \
    static void test_##name##_by_inotify(void **state) {                                                     \
        (void)state;                                                                                         \
        by_inotify = true;                                                                                   \
        name();                                                                                              \
    }                                                                                                        \
    static void test_##name##_by_looking(void **state) {                                                     \
        (void)state;                                                                                         \
        by_inotify = false;                                                                                  \
        name();                                                                                              \
    }

TWICE(ways_to_save)
TWICE(what_does_not_count)
TWICE(many_at_once)
TWICE(swapped_folder)
TWICE(swapped_parent)
TWICE(swapped_root_link)
TWICE(swapped_link)
TWICE(kubernetes)
TWICE(links_that_lead_out)
TWICE(links_in_a_circle)
TWICE(who_never_stops_writing)
TWICE(what_is_noticed_counts_for_the_next_wait)

int main(void) {
#define BOTH(name)                                                                                           \
    cmocka_unit_test_setup_teardown(test_##name##_by_inotify, set_up, tear_down),                            \
        cmocka_unit_test_setup_teardown(test_##name##_by_looking, set_up, tear_down)
#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        BOTH(ways_to_save),
        BOTH(what_does_not_count),
        BOTH(many_at_once),
        BOTH(swapped_folder),
        BOTH(swapped_parent),
        BOTH(swapped_root_link),
        BOTH(swapped_link),
        BOTH(kubernetes),
        BOTH(links_that_lead_out),
        BOTH(links_in_a_circle),
        BOTH(who_never_stops_writing),
        BOTH(what_is_noticed_counts_for_the_next_wait),
        ONE(test_waits_until_it_is_quiet),
        ONE(test_wake_fd),
        ONE(test_a_queue_that_ran_over),
        ONE(test_no_inotify_to_be_had),
        ONE(test_more_folders_than_are_watched),
        ONE(test_nothing_leaks),
        ONE(test_too_many_to_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
