/* test_snapshot.c -- the script folder's copy: what is in it, that it is of one moment, and where its data
 * files come from. And the signature, by which all that is told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/base/clock.h"
#include "../../../core/services/signature.h"
#include "../../../core/services/snapshot.h"
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../support/tree.h"

#define PATIENCE (20 * CLOCK_NS_PER_S)

static struct snapshot *read_tree(const char *dir) {
    struct snapshot *snapshot = NULL;
    struct err err;
    if (snapshot_read(&snapshot, tree_path(dir), &err) != ERR_OK) fail_msg("%s", err.text);
    return snapshot;
}

/* "DIR:1: the file is empty" is expected as ":1: the file is empty". */
static void assert_refused(const char *dir, enum err_code code, const char *text) {
    struct snapshot *snapshot = NULL;
    struct err err;
    char full[PATH_MAX];
    assert_int_equal(snapshot_read(&snapshot, tree_path(dir), &err), code);
    assert_null(snapshot);
    snprintf(full, sizeof full, "%s%s", tree_path(dir), text);
    assert_string_equal(err.text, full);
}

static void assert_file(const struct snapshot *snapshot, const char *path, const char *text) {
    struct buf buf = {0};
    struct err err;
    if (snapshot_file(snapshot, path, &buf, &err) != ERR_OK) fail_msg("%s", err.text);
    assert_string_equal(buf.data, text);
    buf_done(&buf);
}

static void assert_no_file(const struct snapshot *snapshot, const char *path, enum err_code code) {
    struct buf buf = {0};
    assert_int_equal(snapshot_file(snapshot, path, &buf, NULL), code);
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
}

/* --- what is in it ------------------------------------------------------------------------------------ */

static void test_modules(void **state) {
    (void)state;
    tree_sh(
        "mkdir -p s/routes s/notify s/.git s/d; printf one >s/app.lua; printf two >s/routes/a.lua; "
        "printf three >s/notify/init.lua; echo x >s/.hidden.lua; echo x >s/.git/x.lua; "
        "echo x >s/a_spec.lua; echo x >s/app.lua~; echo x >s/d/data.json; echo x >s/x.sql; mkfifo s/p.lua; "
        "ln -s nowhere s/.#app.lua");
    struct snapshot *snapshot = read_tree("s");
    char chunk[PATH_MAX];
    assert_int_equal(snapshot_count(snapshot), 3);
    assert_string_equal(snapshot_at(snapshot, 0)->name, "app");
    assert_string_equal(snapshot_at(snapshot, 1)->name, "notify");
    assert_string_equal(snapshot_at(snapshot, 2)->name, "routes.a");
    const struct module *module = snapshot_find(snapshot, "routes.a");
    snprintf(chunk, sizeof chunk, "@%s", tree_path("s/routes/a.lua"));
    assert_string_equal(module->chunk, chunk);
    assert_string_equal(module->text, "two");
    assert_int_equal(module->len, 3);
    assert_string_equal(module->hash, "3fc4ccfe745870e2"); /* printf two | sha256sum */
    assert_null(snapshot_find(snapshot, "x"));
    snapshot_free(snapshot);
}

static void test_refused(void **state) {
    (void)state;
    assert_refused("s", ERR_NOT_FOUND,
                   ": No such file or directory (PLATEIA_SCRIPTS names the script folder)");
    tree_sh("mkdir s; : >s/app.lua");
    assert_refused("s", ERR_INVALID, "/app.lua:1: the file is empty");
    tree_sh("echo 1 >s/app.lua; ln -s nowhere s/routes");
    assert_refused("s", ERR_SYSTEM, "/routes: No such file or directory");
    tree_sh("rm s/routes; echo 1 >s/b.lua; mkdir s/b; echo 1 >s/b/init.lua");
    struct snapshot *snapshot = NULL;
    assert_int_equal(snapshot_read(&snapshot, tree_path("s"), NULL), ERR_EXISTS);
    tree_sh("rm -r s/b; mkdir -p s/1/2/3/4/5/6/7/8; echo 1 >s/1/2/3/4/5/6/7/8/a.lua");
    snapshot_free(read_tree("s"));
    tree_sh("mkdir -p s/1/2/3/4/5/6/7/8/9");
    struct err err;
    assert_int_equal(snapshot_read(&snapshot, tree_path("s"), &err), ERR_LIMIT);
    assert_string_equal(err.text, "1/2/3/4/5/6/7/8/9: folders are nested too deep");
    assert_null(snapshot);
}

/* --- its hash ----------------------------------------------------------------------------------------- */

static void assert_hash_differs(const char *change) {
    struct snapshot *before = read_tree("s");
    tree_sh("%s", change);
    struct snapshot *after = read_tree("s");
    if (strcmp(snapshot_hash(before), snapshot_hash(after)) == 0) fail_msg("not in the hash: %s", change);
    assert_false(snapshot_same(before, after));
    snapshot_free(before);
    snapshot_free(after);
}

static void test_hash(void **state) {
    (void)state;
    tree_sh("mkdir -p s/x t; printf one >s/a.lua; printf two >s/x/b.lua; echo 1 >s/data.json");
    struct snapshot *first = read_tree("s");
    assert_int_equal(strspn(snapshot_hash(first), "0123456789abcdef"), 64);
    tree_sh("echo 2 >s/data.json; touch s/a.lua; cp -r s/x s/a.lua t");
    struct snapshot *same = read_tree("s"), *copy = read_tree("t");
    assert_string_equal(snapshot_hash(same), snapshot_hash(first));
    assert_true(snapshot_same(same, first));
    assert_string_equal(snapshot_hash(copy), snapshot_hash(first)); /* wherever it lies */
    assert_false(snapshot_same(copy, first));                       /* and yet its data files are others */
    snapshot_free(first), snapshot_free(same), snapshot_free(copy);
    assert_hash_differs("printf ONE >s/a.lua");
    assert_hash_differs("mv s/a.lua s/c.lua");
    assert_hash_differs("mkdir s/c; mv s/c.lua s/c/init.lua"); /* one module, but another file */
    assert_hash_differs("mv s/c/init.lua t; mv s/x/b.lua s/c/init.lua; mv t/init.lua s/x/b.lua");
    assert_hash_differs("rm s/x/b.lua");
}

/* --- data files --------------------------------------------------------------------------------------- */

static void test_data_files(void **state) {
    (void)state;
    tree_sh("mkdir -p s/d; echo x >s/app.lua; printf 1 >s/d/x.json; : >s/d/empty; mkfifo s/d/pipe; "
            "printf 0 >x.json; truncate -s 9M s/d/large");
    struct snapshot *snapshot = read_tree("s");
    assert_file(snapshot, "d/x.json", "1");
    assert_file(snapshot, "d//x.json", "1");
    tree_sh("printf 2 >s/d/x.json");
    assert_file(snapshot, "d/x.json", "2");
    assert_no_file(snapshot, "d/y.json", ERR_NOT_FOUND);
    assert_no_file(snapshot, "d", ERR_NOT_FOUND);
    assert_no_file(snapshot, "d/pipe", ERR_NOT_FOUND);
    assert_no_file(snapshot, "d/large", ERR_LIMIT);
    assert_no_file(snapshot, "../x.json", ERR_DENIED);
    assert_no_file(snapshot, "d/../../x.json", ERR_DENIED);
    assert_no_file(snapshot, tree_path("x.json"), ERR_DENIED);
    struct buf buf = {0};
    assert_int_equal(snapshot_file(snapshot, "d/empty", &buf, NULL), ERR_OK);
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
    snapshot_free(snapshot);
}

static void test_data_files_of_a_swapped_folder(void **state) {
    (void)state;
    tree_sh("mkdir -p 7/d 8/d; echo x >7/app.lua; echo x >8/app.lua; printf 7 >7/d/x; printf 8 >8/d/x; ln -s "
            "7 s");
    struct snapshot *older = read_tree("s");
    tree_sh("ln -s 8 t; mv -T t s");
    struct snapshot *newer = read_tree("s");
    assert_file(older, "d/x", "7");
    assert_file(newer, "d/x", "8");
    assert_string_equal(snapshot_hash(older), snapshot_hash(newer));
    assert_false(snapshot_same(older, newer));
    tree_sh("rm -r 7");
    assert_no_file(older, "d/x", ERR_NOT_FOUND);
    snapshot_free(older), snapshot_free(newer);
}

/* A volume of Kubernetes: the folder stays, and ..data in it is swapped. */
static void test_data_files_of_a_swapped_link(void **state) {
    (void)state;
    tree_sh("mkdir -p s/..1/d/e s/..2/d/e; cd s; ln -s ..1 ..data; ln -s ..data/d d; echo x >..1/d/a.lua; "
            "echo x >..2/d/a.lua; printf 1 >..1/d/e/x; printf 2 >..2/d/e/x; printf 0 >x; printf 9 >dx");
    struct snapshot *older = read_tree("s");
    tree_sh("cd s; ln -s ..2 ..t; mv -T ..t ..data");
    struct snapshot *newer = read_tree("s");
    assert_file(older, "d/e/x", "1");
    assert_file(newer, "d/e/x", "2");
    assert_file(older, "x", "0");
    assert_file(older, "dx", "9");
    assert_false(snapshot_same(older, newer));
    assert_no_file(older, "d//etc/passwd", ERR_NOT_FOUND);
    snapshot_free(older), snapshot_free(newer);
}

static void test_nothing_leaks(void **state) {
    (void)state;
    tree_sh("mkdir -p s/x other; echo x >s/x/a.lua; ln -s ../other s/o");
    int before = tree_descriptors();
    struct snapshot *snapshot = read_tree("s");
    assert_int_equal(tree_descriptors(), before + 2); /* the folder, and where its link leads */
    assert_no_file(snapshot, "x/no", ERR_NOT_FOUND);
    snapshot_free(snapshot);
    tree_sh(": >s/x/a.lua");
    assert_refused("s", ERR_INVALID, "/x/a.lua:1: the file is empty");
    tree_sh("echo x >s/x/a.lua; for i in $(seq 40); do ln -s x s/l$i; done");
    snapshot = NULL;
    assert_int_equal(snapshot_read(&snapshot, tree_path("s"), NULL), ERR_LIMIT);
    assert_int_equal(tree_descriptors(), before);
}

/* --- of one moment ------------------------------------------------------------------------------------ */

struct reader {
    int calls, change_until;
    enum err_code ret;
};

static enum err_code read_and_change(void *ctx, struct err *err) {
    struct reader *reader = ctx;
    if (++reader->calls <= reader->change_until) tree_sh("echo %d >s/a.lua", reader->calls);
    return reader->ret ? err_set(err, reader->ret, "call %d", reader->calls) : ERR_OK;
}

static void test_read_again_until_steady(void **state) {
    const char *dirs[] = {tree_path("s"), tree_path("q")};
    struct err err;
    (void)state;
    tree_sh("mkdir s q; echo 0 >s/a.lua; echo 0 >q/a.sql");
    struct reader still = {0}, once = {.change_until = 1}, always = {.change_until = 1000000};
    assert_int_equal(signature_steady(dirs, 2, read_and_change, &still, &err), ERR_OK);
    assert_int_equal(still.calls, 1);
    assert_int_equal(signature_steady(dirs, 2, read_and_change, &once, &err), ERR_OK);
    assert_int_equal(once.calls, 2);
    assert_int_equal(signature_steady(dirs, 2, read_and_change, &always, &err), ERR_BUSY);
    assert_non_null(strstr(err.text, "s: the files keep changing"));
    struct reader refused = {.change_until = 1, .ret = ERR_INVALID};
    assert_int_equal(signature_steady(dirs, 2, read_and_change, &refused, &err), ERR_INVALID);
    assert_string_equal(err.text, "call 2"); /* what was wrong in between is not told */
}

/* Two writes of one size within a step of the clock look alike: nothing that fresh is believed. */
static void test_same_size_at_once(void **state) {
    const char *dir = tree_path("s");
    struct signature signature;
    (void)state;
    tree_sh("mkdir s");
    for (int i = 0; i < 5; i++) {
        tree_put("s/a.lua", "1");
        struct snapshot *snapshot = read_tree("s");
        snapshot_free(snapshot);
        signature_take(&signature, &dir, 1);
        assert_false(signature.fresh); /* it was waited for */
    }
    for (int64_t end = clock_ns() + PATIENCE; !signature.fresh && clock_ns() < end;) {
        tree_put("s/a.lua", "1");
        signature_take(&signature, &dir, 1);
    }
    assert_true(signature.fresh);
}

static atomic_bool swapper_ends;

static void *swap_without_end(void *unused) {
    (void)unused;
    for (int i = 0; !atomic_load(&swapper_ends); i++) {
        if (symlink(i % 2 ? "1" : "2", tree_path("t")) == 0) rename(tree_path("t"), tree_path("s"));
        usleep(300);
    }
    return NULL;
}

/* All files of one version say the same; two versions take turns while they are read. */
static void test_swaps_do_not_mix(void **state) {
    pthread_t thread;
    (void)state;
    tree_sh("mkdir 1 2; for i in $(seq 30); do echo 1 >1/m$i.lua; echo 2 >2/m$i.lua; done; ln -s 1 s");
    assert_int_equal(pthread_create(&thread, NULL, swap_without_end, NULL), 0);
    int mixed = 0, whole = 0, versions = 0;
    for (int64_t end = clock_ns() + PATIENCE; (whole < 100 || versions != 6) && !mixed && clock_ns() < end;) {
        struct snapshot *snapshot = NULL;
        if (snapshot_read(&snapshot, tree_path("s"), NULL) != ERR_OK) continue;
        for (size_t i = 1; i < snapshot_count(snapshot); i++)
            if (strcmp(snapshot_at(snapshot, 0)->text, snapshot_at(snapshot, i)->text) != 0) mixed++;
        versions |= 1 << (snapshot_at(snapshot, 0)->text[0] - '0');
        whole += snapshot_count(snapshot) == 30;
        snapshot_free(snapshot);
    }
    atomic_store(&swapper_ends, true);
    pthread_join(thread, NULL);
    assert_int_equal(mixed, 0);
    assert_true(whole >= 100);
    assert_int_equal(versions, 6);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_modules),
        TEST(test_refused),
        TEST(test_hash),
        TEST(test_data_files),
        TEST(test_data_files_of_a_swapped_folder),
        TEST(test_data_files_of_a_swapped_link),
        TEST(test_nothing_leaks),
        TEST(test_read_again_until_steady),
        TEST(test_same_size_at_once),
        TEST(test_swaps_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
