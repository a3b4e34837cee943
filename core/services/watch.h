#ifndef PLATEIA_SERVICES_WATCH_H
#define PLATEIA_SERVICES_WATCH_H

/* watch.h -- waits until the sources below some folders have changed.
 *
 * What has changed is decided by their signature (signature.h), every two seconds at the latest; inotify only
 * makes it look sooner. So a queue that ran over, a network file system or a host without inotify (said once
 * in the log) costs seconds and never an edit. Seen are files written in place or renamed over, new and
 * deleted folders, and a folder or symbolic link on the way to them that was swapped.
 *
 * Open the watch before reading: what changes between the two is told by the next wait. It may tell of a
 * change that was already read, or that was undone; whoever reads compares hashes. It has no thread: one
 * thread at a time. */

#include "../base/err.h"
#include <stdbool.h>
#include <stddef.h>

#define WATCH_FOLDERS 8

struct watch;

/* Copies the names. A folder need not be there yet. ERR_LIMIT: more than WATCH_FOLDERS. */
enum err_code watch_open(struct watch **ret, const char *const *dirs, size_t count, struct err *err);
void watch_close(struct watch *watch); /* NULL is fine */

/* True once something has changed since the last true (or the opening) and nothing has happened for 50 ms,
 * or half a second after the first event. False when wake_fd (-1: none) is readable, which it leaves unread,
 * or when timeout_ms have passed (-1: never); what was noticed by then counts for the next call. */
bool watch_wait(struct watch *watch, int wake_fd, int timeout_ms);

/* For tests, right after opening: inotify alone (with a look_ms of hours), or looking every look_ms alone. */
void watch_tune(struct watch *watch, bool inotify, int look_ms);

#endif
