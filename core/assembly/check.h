#ifndef PLATEIA_ASSEMBLY_CHECK_H
#define PLATEIA_ASSEMBLY_CHECK_H

/* check.h -- would these scripts load? A Lua state is built of them as a worker builds its own, and thrown
 * away. No worker, no database: what scripts may touch while they load is all there is behind it.
 */

#include "../base/buf.h"
#include "../base/err.h"

struct settings;
struct sources;

/* ERR_INVALID: "scripts/routes/x.lua:3: reason". */
enum err_code check_load(const struct settings *settings, struct sources *sources, struct err *err);

/* The same of the settings' own folders, and what they make, as generation_describe has it ("openapi",
 * "routes"). */
enum err_code check_describe(const struct settings *settings, const char *what, struct buf *ret,
                             struct err *err);

#endif
