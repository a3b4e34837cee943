#ifndef PLATEIA_ASSEMBLY_WEB_H
#define PLATEIA_ASSEMBLY_WEB_H

/* web.h -- the folder of pages, read once at start. Editing it takes a restart: it is no part of a
 * generation.
 *
 * What stands in it is the page at "/". A sub-folder is a page of its own, with files and a version of its
 * own: docs/ is public, at "/docs"; operator/ is the page that operators see, at "/" of their own listener.
 * Either may be missing. */

#include "../base/err.h"

struct assets;

enum web_audience { WEB_PUBLIC, WEB_OPERATORS };

/* *ret is NULL where `dir` is "none", or nothing in it is for this audience. The caller frees it. */
enum err_code web_read(struct assets **ret, const char *dir, enum web_audience audience, struct err *err);

#endif
