#ifndef PLATEIA_SERVICES_POSTGRES_INSTALL_H
#define PLATEIA_SERVICES_POSTGRES_INSTALL_H

/* postgres_install.h -- where PostgreSQL's programs are on this machine. */

#include "../base/err.h"
#include <stddef.h>

#define POSTGRES_OLDEST 15

/* The folder that holds initdb and postgres into `ret` (`size` bytes). `bin`: look there only; "" or NULL:
 * the newest of the usual places. `major`: this version and no other, as data on disk belongs to one version;
 * 0: any from POSTGRES_OLDEST on. ERR_NOT_FOUND with a text that says what to do. Blocks for milliseconds. */
enum err_code postgres_install_find(char *ret, size_t size, const char *bin, int major, struct err *err);

#endif
