-- Given up: kept for an operator to look at, and to put back.
-- class: lease
-- params: keys uuid[], attempts int[], errors text[]
WITH failed AS (
    SELECT o.key, f.error
    FROM outbox o
    JOIN unnest($1::uuid[], $2::int[], $3::text[]) AS f(key, attempts, error)
         ON f.key = o.key AND f.attempts = o.attempts
    ORDER BY o.key
    FOR UPDATE OF o
)
UPDATE outbox o
SET dead_at = now(), claimed_until = NULL, last_error = failed.error
FROM failed
WHERE o.key = failed.key
RETURNING o.key
