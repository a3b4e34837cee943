/* page.c -- weaves words and paths into index.html, once, before anybody asks for it. */

#include "page.h"
#include "../base/buf.h"
#include "assets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT  "/assets/"
#define INDEX "index.html"
#define WORDS ".words"

/* Nothing from elsewhere, nothing inline, no frame, no form that leaves by itself (a script sends them, so
 * what is typed cannot end up in an address), no text that becomes markup or code. */
static const char strict[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static const char *const types[][2] = {{".js", "text/javascript; charset=utf-8"},
                                       {".css", "text/css; charset=utf-8"},
                                       {".svg", "image/svg+xml"},
                                       {".png", "image/png"},
                                       {".woff2", "font/woff2"},
                                       {".txt", "text/plain; charset=utf-8"}};

static bool ends(const char *name, const char *suffix) {
    size_t len = strlen(name), tail = strlen(suffix);
    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

static const char *type_of(const char *name) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (ends(name, types[i][0])) return types[i][1];
    return NULL;
}

/* ---- words ---- */

struct word {
    const char *name, *text;
    size_t name_len, text_len;
};

/* The next word of a language's file, from *at on; comments and blank lines are passed over. false at the
 * end, and at a line that is no word: then *at stands before the file's end. */
static bool next_word(const char **at, struct word *ret) {
    const char *line = *at;
    while (*line == '\n' || *line == '#')
        line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
    size_t len = strcspn(line, "\n");
    const char *equals = memmem(line, len, " = ", 3);
    *at = line;
    if (!equals || equals == line) return false;
    *ret = (struct word){.name = line,
                         .name_len = (size_t)(equals - line),
                         .text = equals + 3,
                         .text_len = (size_t)(line + len - equals - 3)};
    *at = line + len;
    return true;
}

static unsigned line_of(const char *text, const char *at) {
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static enum err_code check_words(const struct page_file *file, struct err *err) {
    const char *at = file->bytes;
    struct word word;
    while (next_word(&at, &word)) {
    }
    if (!*at) return ERR_OK;
    return err_set(err, ERR_INVALID, "%s:%u: a line is \"name = text\"", file->name,
                   line_of(file->bytes, at));
}

static bool find_word(const char *words, const char *name, size_t len, struct word *ret) {
    while (next_word(&words, ret))
        if (ret->name_len == len && memcmp(ret->name, name, len) == 0) return true;
    return false;
}

static void add_escaped(struct buf *ret, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '&': buf_add_str(ret, "&amp;"); break;
        case '<': buf_add_str(ret, "&lt;"); break;
        case '>': buf_add_str(ret, "&gt;"); break;
        case '"': buf_add_str(ret, "&quot;"); break;
        default: buf_add_char(ret, text[i]);
        }
    }
}

/* JSON that may stand inside a script element: no "<" is left in it. */
static void add_all(struct buf *ret, const char *words) {
    struct buf json = {0};
    struct word word;
    char before = '{';
    for (; next_word(&words, &word); before = ',') {
        buf_add_char(&json, before);
        buf_add_json(&json, word.name, word.name_len);
        buf_add_char(&json, ':');
        buf_add_json(&json, word.text, word.text_len);
    }
    buf_add_str(&json, before == '{' ? "{}" : "}");
    for (size_t i = 0; i < json.len; i++)
        if (json.data[i] == '<')
            buf_add_str(ret, "\\u003c");
        else
            buf_add_char(ret, json.data[i]);
    if (json.failed) ret->failed = true;
    buf_done(&json);
}

/* ---- weaving ---- */

/* What all parts of a page share. */
struct page {
    struct assets *assets;
    const struct page_place *place;
    const struct page_file *index;
    const char *version;
};

struct weave {
    const struct page *page;
    const struct page_file *language;
    struct buf *ret;
};

/* `at` is at "{{"; returns what is behind "}}", NULL and *err where it is no word. */
static const char *weave_word(const struct weave *weave, const char *at, struct err *err) {
    const char *name = at + 2, *end = strstr(name, "}}");
    struct word word;
    size_t len = end ? (size_t)(end - name) : 0;
    if (len == 1 && *name == '*') {
        add_all(weave->ret, weave->language->bytes);
    } else if (len > 0 && find_word(weave->language->bytes, name, len, &word)) {
        add_escaped(weave->ret, word.text, word.text_len);
    } else {
        const struct page_file *index = weave->page->index;
        err_set(err, ERR_INVALID, "%s:%u: %s has no word \"%.*s\"", index->name, line_of(index->bytes, at),
                weave->language->name, (int)(len < 60 ? len : 60), name);
        return NULL;
    }
    return end + 2;
}

static enum err_code weave_index(const struct weave *weave, struct err *err) {
    const struct page *page = weave->page;
    for (const char *at = page->index->bytes; *at;) {
        if (strncmp(at, "{{", 2) == 0) {
            at = weave_word(weave, at, err);
            if (!at) return ERR_INVALID;
        } else if (strncmp(at, ROOT, strlen(ROOT)) == 0) {
            buf_addf(weave->ret, "%s" ROOT "%s/", page->place->path, page->version);
            at += strlen(ROOT);
        } else {
            buf_add_char(weave->ret, *at++);
        }
    }
    return ERR_OK;
}

/* ---- the table ---- */

static const char *policy_of(const struct page *page) {
    return page->place->policy ? page->place->policy : strict;
}

static enum err_code add_language(const struct page *page, const struct page_file *words, struct err *err) {
    struct buf html = {0};
    char tag[16];
    const char *path = *page->place->path ? page->place->path : "/";
    struct weave weave = {.page = page, .language = words, .ret = &html};
    snprintf(tag, sizeof tag, "%.*s", (int)(strlen(words->name) - strlen(WORDS)), words->name);
    struct asset asset = {.path = path,
                          .language = tag,
                          .type = "text/html; charset=utf-8",
                          .version = page->version,
                          .policy = policy_of(page),
                          .route = path};
    enum err_code code = check_words(words, err);
    if (code == ERR_OK) code = weave_index(&weave, err);
    if (code == ERR_OK && html.failed) code = err_set(err, ERR_NO_MEMORY, "no memory for the page");
    if (code == ERR_OK) code = assets_add(page->assets, &asset, html.data, html.len, err);
    buf_done(&html);
    return code;
}

static enum err_code add_file(const struct page *page, const struct page_file *file, struct err *err) {
    char path[512], route[128];
    const char *type = type_of(file->name);
    if (!type) return err_set(err, ERR_INVALID, "%s: a kind of file that the page does not know", file->name);
    snprintf(path, sizeof path, "%.64s" ROOT "%.64s/%.256s", page->place->path, page->version, file->name);
    snprintf(route, sizeof route, "%.64s%.*s", page->place->path, (int)(strlen(ROOT) - 1), ROOT);
    struct asset asset = {
        .path = path, .type = type, .version = page->version, .route = route, .immutable = true};
    return assets_add(page->assets, &asset, file->bytes, file->len, err);
}

static const struct page_file *find_index(const struct page_file *files, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, INDEX) == 0) return &files[i];
    return NULL;
}

enum err_code page_add(struct assets *assets, const struct page_place *place, const struct page_file *files,
                       size_t count, const char *version, struct err *err) {
    struct page page = {
        .assets = assets, .place = place, .index = find_index(files, count), .version = version};
    enum err_code code = ERR_OK;
    size_t languages = 0;
    if (!page.index) return err_set(err, ERR_INVALID, INDEX ": there is none");
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        if (&files[i] == page.index) continue;
        bool words = ends(files[i].name, WORDS);
        languages += words;
        code = words ? add_language(&page, &files[i], err) : add_file(&page, &files[i], err);
    }
    if (code == ERR_OK && languages == 0)
        code = err_set(err, ERR_INVALID, "no language: a file such as en" WORDS " is missing");
    return code;
}
