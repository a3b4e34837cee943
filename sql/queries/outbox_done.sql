-- What was delivered goes: nothing is left to do. In the order of keys, so that two who settle never wait in a
-- ring.
-- class: lease
-- params: keys uuid[]
WITH done AS (
    SELECT key FROM outbox WHERE key = ANY ($1::uuid[]) ORDER BY key FOR UPDATE
)
DELETE FROM outbox o
USING done
WHERE o.key = done.key
RETURNING o.key
