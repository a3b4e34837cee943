-- First statement of a transaction that changes the catalogue: one at a time, until its end. What it then
-- sees is newer than whatever it waited for.
-- class: lease
SELECT true AS locked
FROM pg_advisory_xact_lock(hashtextextended('plateia:catalogue', 0))
