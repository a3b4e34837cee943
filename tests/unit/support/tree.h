#ifndef PLATEIA_TEST_TREE_H
#define PLATEIA_TEST_TREE_H

/* tree.h -- for tests: a folder of their own with files, links and folders in it, and how many descriptors
 * are open. Paths are relative to the folder. After cmocka.h. */

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree[64];

static inline int tree_make(void **state) {
    (void)state;
    strcpy(tree, "/tmp/plateia-tree-XXXXXX");
    return mkdtemp(tree) ? 0 : -1;
}

/* In memory that the thread's fourth call after this uses again. */
static inline const char *tree_path(const char *path) {
    static _Thread_local char full[4][PATH_MAX];
    static _Thread_local int next;
    char *ret = full[next++ % 4];
    snprintf(ret, PATH_MAX, "%s/%s", tree, path);
    return ret;
}

static inline void tree_put(const char *path, const char *text) {
    FILE *file = fopen(tree_path(path), "w");
    if (!file) fail_msg("%s cannot be written", path);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* A shell's commands, run in the folder. */
static inline void tree_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void tree_sh(const char *format, ...) {
    char commands[2048], line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(commands, sizeof commands, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd '%s' && { %s; }", tree, commands);
    if (system(line) != 0) fail_msg("failed: %s", commands);
}

static inline int tree_remove(void **state) {
    char line[192];
    (void)state;
    snprintf(line, sizeof line, "chmod -R u+rwX '%s' && rm -rf '%s'", tree, tree);
    return system(line);
}

static inline int tree_descriptors(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

#endif
