-- Housekeeping, at start and daily: a place for this month's votes and for those of the next two.
-- class: lease
SELECT make_vote_partitions(voting_month(), 3) AS made
