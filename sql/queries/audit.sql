-- Counts every vote again: where votes, tallies and standings do not say the same. No row: all is well.
-- class: lease
WITH counted AS (
    SELECT coalesce(to_char(v.month, 'YYYY-MM'), 'all') AS month, v.movie_id, count(*) AS votes
    FROM votes v
    GROUP BY GROUPING SETS ((v.month, v.movie_id), (v.movie_id))
), tallied AS (
    SELECT coalesce(to_char(t.month, 'YYYY-MM'), 'all') AS month, t.movie_id, sum(t.votes)::bigint AS tallied
    FROM tallies t
    GROUP BY GROUPING SETS ((t.month, t.movie_id), (t.movie_id))
), standing AS (
    SELECT s.period AS month, s.movie_id, s.votes AS standing FROM standings s
)
SELECT month, movie_id, coalesce(votes, 0) AS votes, coalesce(tallied, 0) AS tallied,
       coalesce(standing, 0) AS standing
FROM counted
FULL JOIN tallied USING (month, movie_id)
FULL JOIN standing USING (month, movie_id)
WHERE coalesce(votes, 0) <> coalesce(tallied, 0) OR coalesce(tallied, 0) <> coalesce(standing, 0)
ORDER BY month, movie_id
