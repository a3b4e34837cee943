#ifndef PLATEIA_WEB_H
#define PLATEIA_WEB_H

/* web.h -- the page's folder, read once at start. Editing it takes a restart: it is no part of a generation.
 */

#include "base/err.h"

struct assets;

/* *ret is NULL where `dir` is "none": then there is no page. The caller frees it. */
enum err_code web_read(struct assets **ret, const char *dir, struct err *err);

#endif
