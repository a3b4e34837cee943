/* admin_answer.c -- the few sentences that the operators' listener speaks itself. */

#include "admin_answer.h"
#include <string.h>

void admin_answer_say(struct admin_answer *ret, unsigned status, const char *name, const char *text,
                      const char *reason) {
    struct buf *body = &ret->body;
    ret->status = status;
    buf_addf(body, "{\"%s\":", name);
    buf_add_json(body, text, strlen(text));
    if (reason) {
        buf_add_str(body, ",\"reason\":");
        buf_add_json(body, reason, strlen(reason));
    }
    buf_add_char(body, '}');
}

void admin_answer_refuse(struct admin_answer *ret, unsigned status, const char *text) {
    admin_answer_say(ret, status, "detail", text, NULL);
}
