-- First statement of a transaction that folds: one at a time, until its end.
-- class: lease
SELECT true AS locked
FROM pg_advisory_xact_lock(hashtextextended('plateia:standings', 0))
