/* settings.c -- lines that start with "--" are flags, lines with a capital the environment, the others a
 * settings file: loaded, or refused with a sentence; a secret is never shown. */

#include "../../core/services/settings.h"
#include "fuzz.h"
#include <sys/mman.h>
#include <unistd.h>

#define MAX_LINES 64

struct lists {
    char *flags[MAX_LINES + 2], *environment[MAX_LINES + 2];
    int flag_count, environment_count;
    int file;
};

/* Whatever names another file is left out: this is no test of what lies on this machine's disk. */
static void sort_in(struct lists *lists, char *line) {
    if (strstr(line, "config") || strstr(line, "CONFIG") || strcasestr(line, "_file")) {
        free(line);
    } else if (strncmp(line, "--", 2) == 0 && lists->flag_count < MAX_LINES) {
        lists->flags[lists->flag_count++] = line;
    } else if (line[0] >= 'A' && line[0] <= 'Z' && lists->environment_count < MAX_LINES) {
        lists->environment[lists->environment_count++] = line;
    } else {
        REQUIRE(write(lists->file, line, strlen(line)) >= 0 && write(lists->file, "\n", 1) == 1,
                "a file in memory");
        free(line);
    }
}

/* The row of the secret, wherever else the same letters may stand. */
static void check_masked(const char *table, const char *secret) {
    const char *row = strstr(table, "\njwt_secret");
    REQUIRE(row, "no row of the secret");
    char *line = input_copy(row + 1, strcspn(row + 1, "\n"));
    REQUIRE(!*secret || !strstr(line, secret), "a secret is shown: %s", line);
    free(line);
}

static void load(const struct lists *lists) {
    struct buf problems = {0}, warnings = {0}, text = {0};
    struct err err = {0};
    struct settings *settings = NULL;
    enum err_code code = settings_load(&settings, lists->flag_count, (const char *const *)lists->flags,
                                       (const char *const *)lists->environment, &problems, &warnings, &err);
    REQUIRE((code == ERR_OK) == (settings != NULL) && (code == ERR_OK) == (problems.len == 0), "code %d",
            code);
    REQUIRE(code == ERR_OK || strlen(err.text) > 5, "refused without a sentence");
    if (settings) {
        REQUIRE(settings->workers > 0 && settings->body_limit > 0, "out of bounds");
        settings_print(settings, &text);
        check_masked(text.data, settings->jwt_secret);
    }
    settings_free(settings);
    buf_done(&problems);
    buf_done(&warnings);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    struct lists lists = {.file = memfd_create("settings", MFD_CLOEXEC)};
    char flag[64], *line;
    REQUIRE(lists.file >= 0, "a file in memory");
    while ((line = input_until(&input, '\n')))
        sort_in(&lists, line);
    snprintf(flag, sizeof flag, "--config=/proc/self/fd/%d", lists.file);
    lists.flags[lists.flag_count++] = input_copy(flag, strlen(flag));
    load(&lists);
    for (int i = 0; i < lists.flag_count; i++)
        free(lists.flags[i]);
    for (int i = 0; i < lists.environment_count; i++)
        free(lists.environment[i]);
    close(lists.file);
    return 0;
}
