-- An operator's second chance: the row of this key, dead or waiting, is due now; NULL: all that are dead. What
-- is being sent at this moment is left alone.
-- class: lease
-- params: key uuid
WITH chosen AS (
    SELECT key
    FROM outbox
    WHERE (key = $1::uuid OR $1::uuid IS NULL AND dead_at IS NOT NULL)
      AND (claimed_until IS NULL OR claimed_until <= now())
    ORDER BY key
    FOR UPDATE
)
UPDATE outbox o
SET due_at = now(), attempts = 0, claimed_until = NULL, dead_at = NULL
FROM chosen
WHERE o.key = chosen.key
RETURNING o.key, o.channel, o.recipient
