/* watch.c -- inotify on whatever could change what the folders' names lead to.
 *
 * A watch on a file dies with the first rename over it, so only folders are watched: those below the given
 * ones for anything, since whether it matters is the signature's to say; and those that hold a name on the
 * way (the given folder's own, its parents', a symbolic link's, its target's) for that name alone. All is
 * gone over again before each look, which finds the new folders and drops those that have left. */

#include "watch.h"
#include "../base/arena.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "folder.h"
#include "signature.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define QUIET      (50 * CLOCK_NS_PER_MS)
#define QUIET_MOST (500 * CLOCK_NS_PER_MS)
#define LOOK       (2 * CLOCK_NS_PER_S) /* as the header and the log say */
#define MAX_PLACES 1024
#define MAX_LINKS  40
#define EVENTS                                                                                               \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |          \
     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* A watched folder, and the name in it that matters; NULL: all of them. */
struct place {
    int wd;
    const char *name;
};

struct places {
    struct place list[MAX_PLACES];
    size_t count;
    struct arena names;
};

struct watch {
    char *dirs[WATCH_FOLDERS];
    size_t count;
    int inotify; /* -1: by looking alone */
    struct places *places, *older;
    struct signature seen;
    int64_t pause_ns;  /* between two looks */
    int64_t look_ns;   /* when to look next */
    int64_t latest_ns; /* while something is going on: when to believe the look anyway; else 0 */
};

static void drop_inotify(struct watch *watch) {
    if (watch->inotify >= 0) close(watch->inotify);
    watch->inotify = -1;
}

static void give_up_inotify(struct watch *watch, const char *why) {
    drop_inotify(watch);
    log_event(LOG_WARN, "edits are looked for every two seconds, without inotify", log_text("why", why));
}

/* ---- where to watch ---- */

static bool is_known(const struct places *places, int wd, const char *name) {
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->list[i];
        if (place->wd == wd && (!place->name || (name && strcmp(place->name, name) == 0))) return true;
    }
    return false;
}

static void add_place(struct watch *watch, const char *folder, const char *name) {
    struct places *places = watch->places;
    if (watch->inotify < 0) return;
    int wd = inotify_add_watch(watch->inotify, folder, EVENTS);
    if (wd < 0) {
        if (errno == ENOSPC) give_up_inotify(watch, "the limit fs.inotify.max_user_watches is reached");
        if (errno == ENOMEM) give_up_inotify(watch, strerror(errno));
        return; /* what is not there, or not ours to see, costs nothing but speed */
    }
    if (is_known(places, wd, name)) return;
    struct place place = {.wd = wd, .name = name ? arena_copy(&places->names, name, strlen(name)) : NULL};
    if (places->count == MAX_PLACES || (name && !place.name))
        give_up_inotify(watch, "there are too many folders");
    else
        places->list[places->count++] = place;
}

/* One path that is followed: what is behind us, and what is still to go. */
struct way {
    char at[PATH_MAX], rest[PATH_MAX];
};

/* Cuts the next name off the rest; "" at the end. A way that starts at the root begins there. */
static void next_name(struct way *way, char name[NAME_MAX + 1]) {
    if (way->rest[0] == '/') strcpy(way->at, "/");
    char *from = way->rest + strspn(way->rest, "/");
    size_t len = strcspn(from, "/");
    snprintf(name, NAME_MAX + 1, "%.*s", len > NAME_MAX ? 0 : (int)len, from);
    memmove(way->rest, from + len, strlen(from + len) + 1);
    from = way->rest + strspn(way->rest, "/"); /* what is left does not start at the root */
    memmove(way->rest, from, strlen(from) + 1);
}

/* Puts a link's target before the rest; false when it is no link. */
static bool turn(struct way *way, const char *path) {
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);
    if (len < 0) return false;
    target[len] = '\0';
    int n = snprintf(rest, sizeof rest, "%s/%s", target, way->rest);
    if (n < (int)sizeof rest) strcpy(way->rest, rest);
    return true;
}

/* Every name on the way from `start` along `path`, through links, may come to lead elsewhere. */
static void follow(struct watch *watch, const char *start, const char *path) {
    struct way way;
    char name[NAME_MAX + 1], full[PATH_MAX];
    int links = 0;
    if (snprintf(way.at, sizeof way.at, "%s", start) >= (int)sizeof way.at) return;
    if (snprintf(way.rest, sizeof way.rest, "%s", path) >= (int)sizeof way.rest) return;
    for (next_name(&way, name); *name; next_name(&way, name)) {
        if (snprintf(full, sizeof full, "%s/%s", way.at, name) >= (int)sizeof full) return;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) add_place(watch, way.at, name);
        if (!turn(&way, full))
            strcpy(way.at, full);
        else if (++links > MAX_LINKS)
            return;
    }
}

struct survey {
    struct watch *watch;
    const char *dir;
};

static enum err_code survey_entry(void *ctx, const struct folder_entry *entry, struct err *err) {
    const struct survey *survey = ctx;
    char path[PATH_MAX];
    (void)err;
    if (snprintf(path, sizeof path, "%s/%s", survey->dir, entry->path) >= (int)sizeof path) return ERR_OK;
    if (!entry->error && S_ISDIR(entry->st.st_mode)) add_place(survey->watch, path, NULL);
    if (entry->link) {
        path[strlen(path) - strlen(entry->name) - 1] = '\0';
        follow(survey->watch, path, entry->name);
    }
    return ERR_OK;
}

static void survey_folder(struct watch *watch, const char *dir) {
    struct survey survey = {watch, dir};
    follow(watch, ".", dir);
    add_place(watch, dir, NULL);
    int fd = folder_open(dir);
    if (fd < 0) return;
    folder_walk(fd, survey_entry, &survey, NULL);
    close(fd);
}

static bool has_wd(const struct places *places, int wd) {
    for (size_t i = 0; i < places->count; i++)
        if (places->list[i].wd == wd) return true;
    return false;
}

static void survey_all(struct watch *watch) {
    struct places *older = watch->places;
    if (watch->inotify < 0) return;
    watch->places = watch->older;
    watch->older = older;
    watch->places->count = 0;
    arena_reset(&watch->places->names);
    for (size_t i = 0; i < watch->count; i++)
        survey_folder(watch, watch->dirs[i]);
    for (size_t i = 0; i < older->count && watch->inotify >= 0; i++)
        if (!has_wd(watch->places, older->list[i].wd))
            inotify_rm_watch(watch->inotify, older->list[i].wd); /* fails where the folder is gone: fine */
}

/* ---- waiting ---- */

/* Something is going on: look once it has been quiet. */
static void hasten(struct watch *watch) {
    int64_t now = clock_ns();
    if (!watch->latest_ns) watch->latest_ns = now + QUIET_MOST;
    watch->look_ns = now + QUIET < watch->latest_ns ? now + QUIET : watch->latest_ns;
}

/* An event without a name is about the folder itself, or says that events were lost. */
static bool matters(const struct watch *watch, const struct inotify_event *event) {
    if (event->mask & IN_IGNORED) return false;
    return event->len == 0 || is_known(watch->places, event->wd, event->name);
}

static void take_events(struct watch *watch) {
    _Alignas(struct inotify_event) char events[16384];
    ssize_t len = read(watch->inotify, events, sizeof events);
    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *event = (const void *)(events + at);
        if (matters(watch, event)) hasten(watch);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

static bool look(struct watch *watch) {
    struct signature there;
    survey_all(watch);
    signature_take(&there, (const char *const *)watch->dirs, watch->count);
    bool changed = !signature_same(&there, &watch->seen);
    if (changed && there.fresh && (!watch->latest_ns || clock_ns() < watch->latest_ns)) {
        hasten(watch);
        return false;
    }
    watch->look_ns = clock_ns() + watch->pause_ns;
    watch->latest_ns = 0;
    watch->seen = there;
    return changed;
}

/* Sleeps until then, or an event, or the caller's wish; true for the last. */
static bool doze(struct watch *watch, int wake_fd, int64_t until_ns) {
    struct pollfd fds[] = {{.fd = wake_fd, .events = POLLIN}, {.fd = watch->inotify, .events = POLLIN}};
    int64_t left_ms = (until_ns - clock_ns() + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
    if (poll(fds, 2, left_ms > 0 ? (int)left_ms : 0) <= 0) return false;
    if (fds[0].revents) return true;
    if (fds[1].revents) take_events(watch);
    return false;
}

bool watch_wait(struct watch *watch, int wake_fd, int timeout_ms) {
    int64_t end = timeout_ms < 0 ? INT64_MAX : clock_ns() + timeout_ms * CLOCK_NS_PER_MS;
    for (;;) {
        if (doze(watch, wake_fd, end < watch->look_ns ? end : watch->look_ns)) return false;
        if (clock_ns() >= watch->look_ns && look(watch)) return true;
        if (clock_ns() >= end) return false;
    }
}

/* ---- opening and closing ---- */

static bool copy_names(struct watch *watch, const char *const *dirs, size_t count) {
    for (; watch->count < count; watch->count++)
        if (!(watch->dirs[watch->count] = strdup(dirs[watch->count]))) return false;
    return true;
}

static void begin(struct watch *watch) {
    survey_all(watch);
    signature_take(&watch->seen, (const char *const *)watch->dirs, watch->count);
    watch->look_ns = clock_ns() + watch->pause_ns;
}

void watch_tune(struct watch *watch, bool inotify, int look_ms) {
    watch->pause_ns = look_ms * CLOCK_NS_PER_MS;
    if (!inotify) drop_inotify(watch);
    begin(watch);
}

enum err_code watch_open(struct watch **ret, const char *const *dirs, size_t count, struct err *err) {
    if (count > WATCH_FOLDERS) return err_set(err, ERR_LIMIT, "more than %d folders to watch", WATCH_FOLDERS);
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch) watch->inotify = -1;
    if (!watch || !(watch->places = calloc(1, sizeof *watch->places)) ||
        !(watch->older = calloc(1, sizeof *watch->older)) || !copy_names(watch, dirs, count)) {
        watch_close(watch);
        return err_set(err, ERR_NO_MEMORY, "no memory to watch folders");
    }
    watch->pause_ns = LOOK;
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->inotify < 0) give_up_inotify(watch, strerror(errno));
    begin(watch);
    *ret = watch;
    return ERR_OK;
}

static void free_places(struct places *places) {
    if (places) arena_done(&places->names);
    free(places);
}

void watch_close(struct watch *watch) {
    if (!watch) return;
    drop_inotify(watch);
    free_places(watch->places);
    free_places(watch->older);
    for (size_t i = 0; i < watch->count; i++)
        free(watch->dirs[i]);
    free(watch);
}
