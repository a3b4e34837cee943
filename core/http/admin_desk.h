#ifndef PLATEIA_HTTP_ADMIN_DESK_H
#define PLATEIA_HTTP_ADMIN_DESK_H

/* admin_desk.h -- what the operators' listener knows how to do: one table of paths and methods, and what is
 * said of each at once. Pure but for what it asks of the view. */

#include "admin.h"
#include "admin_answer.h"
#include "admin_order.h"
#include <stdbool.h>

enum admin_work {
    ADMIN_SAY,    /* is answered at once */
    ADMIN_ORDER,  /* takes its time: admin_order.h */
    ADMIN_UPLOAD, /* comes with a file */
};

struct admin_duty {
    const char *path;
    bool post; /* else GET and HEAD */
    bool open; /* tells nothing that a stranger may not know */
    enum admin_work work;
    void (*say)(const struct admin_view *view, struct admin_answer *ret); /* of ADMIN_SAY */
    enum admin_order_kind order;                                          /* of ADMIN_ORDER */
    size_t needs; /* the member of the view without which it is not there */
};

/* NULL: *ret_allow (static text) names the methods that the path has, or is NULL where there is none such. */
const struct admin_duty *admin_desk_find(const struct admin_view *view, const char *path, const char *method,
                                         const char **ret_allow);

#endif
