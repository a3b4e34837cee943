#ifndef PLATEIA_CHECK_H
#define PLATEIA_CHECK_H

/* check.h -- would these scripts load? A Lua state is built of them as a worker builds its own, and thrown
 * away. No worker, no database: what scripts may touch while they load is all there is behind it.
 */

#include "base/buf.h"
#include "base/err.h"

struct settings;
struct sources;

/* ERR_INVALID: "scripts/routes/x.lua:3: reason". `description` gets that of the API (OpenAPI); NULL: nobody
 * asks. */
enum err_code check_load(const struct settings *settings, struct sources *sources, struct buf *description,
                         struct err *err);

#endif
