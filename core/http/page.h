#ifndef PLATEIA_HTTP_PAGE_H
#define PLATEIA_HTTP_PAGE_H

/* page.h -- a folder's files made into a page of the table of assets.h.
 *
 *   index.html   the page, once in each language. "{{name}}" in it is a text of that language, escaped;
 *                "{{*}}" all of them as one JSON object, for scripts; "/assets/" leads to the page's files.
 *   LANG.words   a language: lines "name = text", and # comments. The first by name is for those who
 *                understand none of them.
 *   the others   below the page, at "/assets/VERSION/NAME", to be kept for ever. One version is of all
 *                files together: an edit makes all paths new, so no two files of different editions ever
 *                meet, and what they name of each other by relative paths ("./race.js") needs no rewriting.
 *
 * A page has a place: the one at "/docs" has its files at "/docs/assets/VERSION/NAME". Pages share no file
 * and no version. Pure: bytes in, table out. */

#include "../base/err.h"
#include <stddef.h>

struct assets;

struct page_file {
    const char *name; /* "index.html"; no folders */
    const char *bytes;
    size_t len;
};

struct page_place {
    const char *path;   /* "" for the page at "/", else as "/docs" */
    const char *policy; /* Content-Security-Policy, static text; NULL: nothing but the page's own files */
};

/* `files` are sorted by name; `version`, [a-z0-9], is another one for other files. ERR_INVALID names file,
 * line and what is wrong: words that are missing, a kind of file that browsers are not told of. What was
 * added before an error stays in the table. */
enum err_code page_add(struct assets *assets, const struct page_place *place, const struct page_file *files,
                       size_t count, const char *version, struct err *err);

#endif
