#ifndef PLATEIA_ASSEMBLY_IMPORT_H
#define PLATEIA_ASSEMBLY_IMPORT_H

/* import.h -- the import of a running server: asked for by the admin listener, run by a worker as a job, one
 * at a time, followed by whoever asks.
 *
 * All functions but import_new and import_free are for any thread. */

#include "../base/buf.h"
#include "../base/err.h"

struct import;
struct worker;

#define IMPORT_PLACE_SIZE 17

/* `conninfo`: of the server's database. */
enum err_code import_new(struct import **ret, const char *conninfo, struct err *err);
void import_free(struct import *import); /* after the workers */

/* Whose database a server has, as 16 hexadecimal digits: equal ones, the same database. */
void import_place(char ret[IMPORT_PLACE_SIZE], const char *conninfo);

/* Takes over `body` (NUL-terminated, from malloc; NULL: the adapter's own source), also when it fails.
 * ERR_BUSY while another import runs, ERR_INVALID for a body with NUL bytes. */
enum err_code import_begin(struct import *import, struct worker *worker, const char *adapter, char *body,
                           size_t len, struct err *err);

/* For the foundation's `progress`; ctx is the import. Told while none runs, it is dropped. */
void import_progress(void *ctx, long done, long total, const char *what);

/* Appends {"place", "number", "state": "idle|running|done|failed", "done", "total", "what", "report"}; number
 * counts the imports since the server's start, report is text once it is over, else null. */
void import_state(struct import *import, struct buf *ret);

#endif
