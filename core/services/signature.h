#ifndef PLATEIA_SERVICES_SIGNATURE_H
#define PLATEIA_SERVICES_SIGNATURE_H

/* signature.h -- have the sources below some folders changed? Told by stat alone, without reading them.
 *
 * What counts: *.lua (not *_spec.lua) and *.sql below the folders, through symbolic links, by name, device,
 * inode, size and times; each folder's own device and inode; and whatever cannot be looked at. What an editor
 * leaves beside a file does not count. Two looks that give the same signature saw the same bytes, provided
 * that the first was not `fresh`: the kernel's file times go in steps of some milliseconds, and two writes
 * within one step look alike. Any thread; no state. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct signature {
    uint64_t sum;
    uint64_t files;
    bool fresh; /* a file was written in the very moment of looking */
};

void signature_take(struct signature *ret, const char *const *dirs, size_t count);
bool signature_same(const struct signature *a, const struct signature *b);

/* Calls read(ctx, err), again where something below the folders changed meanwhile, and returns what the last
 * call returned: so all that it read, from all the folders, is of one moment. read has to drop what an
 * earlier call got, failed or not. ERR_BUSY when nothing stood still for about a second. May sleep. */
enum err_code signature_steady(const char *const *dirs, size_t count,
                               enum err_code (*read)(void *ctx, struct err *err), void *ctx, struct err *err);

#endif
