-- For whoever watches: what waits, what was given up, and how long the one is due that is due longest. Neither is
-- counted further than to a hundred thousand, so that looking stays cheap however much has gathered.
-- class: lease
SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE dead_at IS NULL LIMIT 100000) AS pending) AS pending,
       (SELECT count(*) FROM (SELECT FROM outbox WHERE dead_at IS NOT NULL LIMIT 100000) AS dead) AS dead,
       coalesce((
           SELECT greatest(0, extract(epoch FROM now() - greatest(due_at, claimed_until)))
           FROM outbox
           WHERE dead_at IS NULL
           ORDER BY greatest(due_at, claimed_until)
           LIMIT 1
       ), 0)::double precision AS oldest_seconds
