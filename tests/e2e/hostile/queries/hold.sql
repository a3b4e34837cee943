-- A lock for a transaction.
-- class: lease
SELECT pg_advisory_xact_lock(471148)::text AS done
