/* nest.c -- the savepoint "call" is always there while a mark is: under it lies what the latest call did,
 * until the next one keeps or undoes that. */

#include "nest.h"
#include "batch.h"
#include "conn.h"

/* For those who speak before the one who set the marks has noticed. */
static const char refusal[] = "DO $$ BEGIN RAISE connection_exception USING MESSAGE = "
                              "'the connection was lost, and what was done on it with it'; END $$";

static bool say_all(struct line *line, const char *const *commands) {
    while (*commands && line_command(line, *commands))
        commands++;
    return !*commands;
}

#define SAY(line, ...) say_all(line, (const char *const[]){__VA_ARGS__, NULL})

/* Ends what the latest call left, and begins anew behind it. */
static bool fresh(struct nest *nest, struct line *line) {
    bool undo = nest->read || conn_failed(line->conn);
    nest->read = false;
    if (undo) return line_command(line, "ROLLBACK TO SAVEPOINT call");
    return SAY(line, "RELEASE SAVEPOINT call", "SAVEPOINT call");
}

static bool run(struct nest *nest, struct line *line, struct call *call, bool held) {
    if (call->query->class == QUERY_BATCH) return batch_send(line, &call, 1, &nest->arrays, true);
    nest->read = !held && nest->depth > 0 && call->query->class == QUERY_READ;
    if (nest->read && !line_command(line, "SET LOCAL transaction_read_only = on")) return false;
    return line_run(line, call->query, call->params, true);
}

/* A mark that is refused counts like any other: whoever asked for it will undo it. */
static bool mark(struct nest *nest, struct line *line) {
    bool said = nest->lost         ? line_command(line, refusal)
                : nest->depth == 0 ? SAY(line, "BEGIN", "SAVEPOINT call")
                                   : fresh(nest, line) && SAY(line, "RELEASE SAVEPOINT call",
                                                              "SAVEPOINT mark", "SAVEPOINT call");
    if (said) nest->depth++;
    return said;
}

static bool undo(struct nest *nest, struct line *line) {
    bool outermost = nest->depth <= 1;
    bool said = outermost || nest->lost
                    ? line_command(line, "ROLLBACK")
                    : SAY(line, "ROLLBACK TO SAVEPOINT mark", "RELEASE SAVEPOINT mark", "SAVEPOINT call");
    if (!said) return false;
    nest->read = false;
    if (outermost) nest->lost = false;
    if (nest->depth > 0) nest->depth--;
    return true;
}

bool nest_say(struct nest *nest, struct line *line, enum call_wish wish, struct call *call, bool held) {
    bool nested = nest->depth > 0, begins = !held && (wish == CALL_RUN || wish == CALL_BEGIN);
    if (wish == CALL_MARK) return mark(nest, line);
    if (wish == CALL_UNDO) return undo(nest, line);
    if (nest->lost) return line_command(line, refusal);
    if (nested && begins && !fresh(nest, line)) return false;
    switch (wish) {
    case CALL_RUN: return run(nest, line, call, held);
    case CALL_BEGIN: return nested || line_command(line, "BEGIN");
    case CALL_COMMIT:
        return nested ? SAY(line, "RELEASE SAVEPOINT call", "SAVEPOINT call") : line_command(line, "COMMIT");
    default: return line_command(line, nested ? "ROLLBACK TO SAVEPOINT call" : "ROLLBACK");
    }
}

/* That a read may not write is its own fault, here as on a connection that only reads. */
void nest_up(struct line *line) {
    conn_forgive_writes(line->conn);
}

void nest_down(struct nest *nest) {
    nest->lost = nest->depth > 0;
    nest->read = false;
}
