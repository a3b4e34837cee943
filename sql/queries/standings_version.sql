-- How many votes are in the standings, how many were counted, and the month that votes count for now.
-- class: read
SELECT (SELECT coalesce(sum(votes), 0)::bigint FROM folds) AS standing,
       (SELECT coalesce(sum(votes), 0)::bigint FROM tally_totals) AS counted,
       to_char(voting_month(), 'YYYY-MM') AS month
