-- For an operator: those given up first, then what has failed, then what waits.
-- class: lease
-- params: limit_ int
SELECT key,
       CASE WHEN dead_at IS NOT NULL THEN 'dead'
            WHEN claimed_until > now() THEN 'sending'
            WHEN due_at > now() THEN 'waiting'
            ELSE 'due'
       END AS state,
       channel, recipient, template, attempts,
       to_char(coalesce(dead_at, due_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
       last_error
FROM outbox
ORDER BY dead_at IS NULL, last_error IS NULL, coalesce(dead_at, due_at), key
LIMIT $1
