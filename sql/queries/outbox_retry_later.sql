-- Not delivered: to be tried again after so many seconds. A claim that was lost to somebody else meanwhile
-- (the attempts say so) changes nothing.
-- class: lease
-- params: keys uuid[], attempts int[], seconds double[], errors text[]
WITH failed AS (
    SELECT o.key, f.seconds, f.error
    FROM outbox o
    JOIN unnest($1::uuid[], $2::int[], $3::double precision[], $4::text[]) AS f(key, attempts, seconds, error)
         ON f.key = o.key AND f.attempts = o.attempts
    ORDER BY o.key
    FOR UPDATE OF o
)
UPDATE outbox o
SET due_at = now() + make_interval(secs => failed.seconds), claimed_until = NULL, last_error = failed.error
FROM failed
WHERE o.key = failed.key
RETURNING o.key
