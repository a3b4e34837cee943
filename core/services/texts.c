/* texts.c -- folder.h does the walking. */

#include "texts.h"
#include "../base/buf.h"
#include "folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES ((size_t)1 << 20) /* of a file */

static bool has(const struct texts *texts, const char *path) {
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->list[i].path, path) == 0) return true;
    return false;
}

static bool make_room(struct texts *texts) {
    if (texts->count < texts->room) return true;
    size_t room = texts->room ? texts->room * 2 : 16;
    struct text_file *list = realloc(texts->list, room * sizeof *list);
    if (!list) return false;
    texts->list = list;
    texts->room = room;
    return true;
}

/* `name` as the folder `at` knows it. */
static enum err_code add(struct texts *texts, int at, const char *name, const char *path, struct err *err) {
    struct buf text = {0};
    struct text_file file = {0};
    if (has(texts, path)) return ERR_OK;
    enum err_code code = folder_read_source(at, name, path, MOST_BYTES, &text, err);
    if (code == ERR_OK && make_room(texts)) file.path = strdup(path);
    if (code == ERR_OK && !file.path) code = err_set(err, ERR_NO_MEMORY, "out of memory");
    if (code == ERR_OK) {
        file.text = buf_take(&text, &file.len);
        texts->list[texts->count++] = file;
    }
    buf_done(&text);
    return code;
}

struct walk {
    struct texts *texts;
    const char *folder, *suffix;
};

static enum err_code visit(void *ctx, const struct folder_entry *entry, struct err *err) {
    const struct walk *walk = ctx;
    struct buf path = {0};
    if (entry->error || !S_ISREG(entry->st.st_mode) || !folder_has_suffix(entry->name, walk->suffix))
        return ERR_OK;
    buf_addf(&path, "%s/%s", walk->folder, entry->path);
    enum err_code code = path.failed ? err_set(err, ERR_NO_MEMORY, "out of memory")
                                     : add(walk->texts, entry->at, entry->name, path.data, err);
    buf_done(&path);
    return code;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct text_file *)a)->path, ((const struct text_file *)b)->path);
}

enum err_code texts_add(struct texts *texts, const char *path, const char *suffix, struct err *err) {
    struct walk walk = {.texts = texts, .folder = path, .suffix = suffix};
    size_t before = texts->count;
    int folder = folder_open(path);
    if (folder < 0) return errno == ENOTDIR ? add(texts, AT_FDCWD, path, path, err) : err_system(err, path);
    enum err_code code = folder_walk(folder, visit, &walk, err);
    close(folder);
    if (texts->count > before)
        qsort(texts->list + before, texts->count - before, sizeof *texts->list, by_path);
    return code;
}

void texts_done(struct texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->list[i].path);
        free(texts->list[i].text);
    }
    free(texts->list);
    *texts = (struct texts){0};
}
