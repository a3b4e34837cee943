-- A short wait.
-- class: lease
SELECT pg_sleep(0.02)::text AS done
