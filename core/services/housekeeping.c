/* housekeeping.c -- one transaction: the lock, so that of many servers one works and the others find it done;
 * then the query `maintain`, as a statement of its own, so that it sees what the one before it did. */

#include "housekeeping.h"
#include "db/query.h"
#include "db/session.h"

static const char begin[] = "BEGIN;"
                            "SET LOCAL lock_timeout = '30s';"
                            "SELECT pg_advisory_xact_lock(hashtextextended('plateia:housekeeping', 0))";

enum err_code housekeeping_run(const char *conninfo, const struct query_set *queries, struct err *err) {
    const struct query *maintain = query_set_find(queries, "maintain");
    struct session *session = NULL;
    enum err_code code;

    if (!maintain)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no query \"maintain\" to keep house with: restore sql/queries/maintain.sql");
    if (maintain->param_count > 0)
        return err_set(err, ERR_INVALID, "%s: this query takes no parameters", maintain->file);
    if ((code = session_open(&session, conninfo, err)) != ERR_OK) return code;
    code = session_exec(session, begin, err);
    if (code == ERR_OK) code = session_query(session, maintain->text, 0, NULL, NULL, err);
    if (code == ERR_OK) code = session_exec(session, "COMMIT", err);
    session_close(session); /* and with it whatever did not get to COMMIT */
    return code;
}
