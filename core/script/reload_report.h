#ifndef PLATEIA_SCRIPT_RELOAD_REPORT_H
#define PLATEIA_SCRIPT_RELOAD_REPORT_H

/* reload_report.h -- what is known of editions: which are served or still end, which were, what was refused;
 * and how that is told. reload.c's own, behind its lock (but report_log and report_outcome, which need none).
 */

#include "../base/buf.h"
#include "../base/err.h"
#include "edition.h"
#include "reload.h"
#include <stdbool.h>

struct kept {
    unsigned number;
    const char *by;
    int64_t at_ms;
    struct sources *sources;
};

struct reload_report {
    struct edition *editions; /* with generations that are not closed; the newest first */
    struct kept kept[RELOAD_KEPT];
    size_t kept_count; /* the newest first */
    struct err failure;
    const char *failure_by;
    int64_t failure_ms; /* 0: none yet */
};

struct reload_outcome {
    enum err_code code;
    const struct reload_order *order;
    unsigned generation; /* that is served now */
    int64_t ns;
    const char *reason; /* where it was refused */
};

/* The edition is the report's from now on. */
void report_served(struct reload_report *report, struct edition *edition);
/* True when the last failure was the same. */
bool report_failed(struct reload_report *report, const struct reload_outcome *outcome);
/* The sources that were served under that number (0: before the present ones), held; or NULL. */
struct sources *report_find(const struct reload_report *report, unsigned number);
/* That generation is not its edition's any more. */
void report_closed(struct reload_report *report, const struct generation *generation);
/* A list of the editions of which nothing is left; the caller's. */
struct edition *report_take_over(struct reload_report *report, const struct edition *served);
void report_state(const struct reload_report *report, const struct edition *served, struct buf *ret);
/* What is live, and its memory. */
void report_count(const struct reload_report *report, const struct edition *served,
                  struct reload_numbers *ret);
void report_done(struct reload_report *report); /* with all editions */

void report_log(const struct reload_outcome *outcome);
void report_outcome(const struct reload_outcome *outcome, struct buf *ret); /* as JSON: see reload.h */

#endif
