-- Claimed and not attempted after all: as if it had never been claimed.
-- class: lease
-- params: keys uuid[], attempts int[]
WITH unused AS (
    SELECT o.key
    FROM outbox o
    JOIN unnest($1::uuid[], $2::int[]) AS u(key, attempts) ON u.key = o.key AND u.attempts = o.attempts
    ORDER BY o.key
    FOR UPDATE OF o
)
UPDATE outbox o
SET claimed_until = NULL, attempts = o.attempts - 1
FROM unused
WHERE o.key = unused.key
RETURNING o.key
