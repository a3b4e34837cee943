-- Takes rows that are due for so many seconds: nobody else gets them before that. A row counts as attempted
-- from here on, so that one that brings its process down does not come back for ever; which is why a claim waits for
-- the disk (synchronous_commit) like anything else, though it is only a lease: an embedded PostgreSQL goes down with
-- that process, and would forget the attempt. The keys are an array, since a join is planned for a tenth of all rows
-- where the limit is not known.
-- class: lease
-- params: limit_ int, seconds double
WITH due AS (
    SELECT key
    FROM outbox
    WHERE dead_at IS NULL AND greatest(due_at, claimed_until) <= now()
    ORDER BY greatest(due_at, claimed_until)
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox o
SET claimed_until = now() + make_interval(secs => $2), attempts = o.attempts + 1
WHERE o.key = ANY (ARRAY(SELECT key FROM due))
RETURNING o.key, o.channel, o.recipient, o.template, o.data, o.attempts
