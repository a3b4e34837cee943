-- The month that votes count for now, and the first instant of the next.
-- class: read
SELECT to_char(voting_month(), 'YYYY-MM') AS month,
       (voting_month() + interval '1 month') AT TIME ZONE 'UTC' AS next_vote_at
