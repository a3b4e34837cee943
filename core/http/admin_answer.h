#ifndef PLATEIA_HTTP_ADMIN_ANSWER_H
#define PLATEIA_HTTP_ADMIN_ANSWER_H

/* admin_answer.h -- what the operators' listener is to answer, in plain types: admin.c gives it to the
 * library. */

#include "../base/buf.h"
#include <stdbool.h>
#include <stddef.h>

struct admin_answer {
    unsigned status;
    struct buf body;   /* taken by whoever sends it */
    const char *type;  /* static text; NULL: JSON */
    const char *allow; /* static text; with a 405 */
};

/* {"NAME":"TEXT"}, and a reason beside it when there is one (else NULL). */
void admin_answer_say(struct admin_answer *ret, unsigned status, const char *name, const char *text,
                      const char *reason);
/* {"detail":"TEXT"} */
void admin_answer_refuse(struct admin_answer *ret, unsigned status, const char *text);

#endif
