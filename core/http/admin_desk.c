/* admin_desk.c -- the table, and what is said at once. */

#include "admin_desk.h"
#include "../base/exposition.h"
#include <stddef.h>
#include <string.h>

static void say_live(const struct admin_view *view, struct admin_answer *ret) {
    (void)view;
    admin_answer_say(ret, 200, "status", "live", NULL);
}

static void say_ready(const struct admin_view *view, struct admin_answer *ret) {
    const char *reason = NULL;
    if (view->ready(view->ctx, &reason))
        admin_answer_say(ret, 200, "status", "ready", NULL);
    else
        admin_answer_say(ret, 503, "status", "not ready", reason ? reason : "not known");
}

static void say_import(const struct admin_view *view, struct admin_answer *ret) {
    ret->status = 200;
    view->import_state(view->ctx, &ret->body);
}

static void say_scripts(const struct admin_view *view, struct admin_answer *ret) {
    ret->status = 200;
    view->scripts(view->ctx, &ret->body);
}

static void say_metrics(const struct admin_view *view, struct admin_answer *ret) {
    ret->status = 200;
    ret->type = EXPOSITION_TYPE;
    view->metrics(view->ctx, &ret->body);
}

#define NEEDS(member) .needs = offsetof(struct admin_view, member)

static const struct admin_duty duties[] = {
    {.path = "/live", .open = true, .say = say_live, NEEDS(ready)},
    {.path = "/ready", .open = true, .say = say_ready, NEEDS(ready)},
    {.path = "/import", .say = say_import, NEEDS(import)},
    {.path = "/import", .post = true, .work = ADMIN_UPLOAD, NEEDS(import)},
    {.path = "/metrics", .say = say_metrics, NEEDS(metrics)},
    {.path = "/scripts", .say = say_scripts, NEEDS(scripts)},
    {.path = "/scripts/reload", .post = true, .work = ADMIN_ORDER, .order = ORDER_RELOAD, NEEDS(reload)},
    {.path = "/scripts/rollback",
     .post = true,
     .work = ADMIN_ORDER,
     .order = ORDER_ROLLBACK,
     NEEDS(rollback)},
    {.path = "/outbox", .work = ADMIN_ORDER, .order = ORDER_OUTBOX, NEEDS(outbox)},
    {.path = "/outbox/retry", .post = true, .work = ADMIN_ORDER, .order = ORDER_RETRY, NEEDS(outbox_retry)},
};

static bool is_there(const struct admin_view *view, const struct admin_duty *duty) {
    void (*member)(void);
    memcpy(&member, (const char *)view + duty->needs, sizeof member);
    return member != NULL;
}

const struct admin_duty *admin_desk_find(const struct admin_view *view, const char *path, const char *method,
                                         const char **ret_allow) {
    bool post = strcmp(method, "POST") == 0;
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool posts = false, gets = false;
    for (size_t i = 0; i < sizeof duties / sizeof *duties; i++) {
        const struct admin_duty *duty = &duties[i];
        if (strcmp(duty->path, path) != 0 || !is_there(view, duty)) continue;
        if (duty->post ? post : get) return duty;
        posts = posts || duty->post;
        gets = gets || !duty->post;
    }
    *ret_allow = !gets ? (posts ? "POST" : NULL) : posts ? "GET, HEAD, POST" : "GET, HEAD";
    return NULL;
}
