-- Brings the standings in line with the tallies: reads only the months that moved since the last fold, and
-- touches only the rows that differ. After lock_standings, in the same transaction, so that it sees what the
-- fold before left. The version grows with every vote that got into the standings; the films that moved are
-- named where they are not too many to name.
-- OFFSET 0 keeps the months apart, so that each is compared with its own standings and not with all there are.
-- class: lease
WITH moved AS MATERIALIZED (
    SELECT month, sum(votes)::bigint AS votes FROM tally_totals GROUP BY month
    EXCEPT
    SELECT month, votes FROM folds
), more AS (
    SELECT to_char(moved.month, 'YYYY-MM') AS period, d.movie_id, d.votes
    FROM moved
    CROSS JOIN LATERAL (SELECT t.movie_id, t.votes - coalesce(s.votes, 0) AS votes
                        FROM (SELECT movie_id, sum(votes)::bigint AS votes
                              FROM tallies
                              WHERE month = moved.month
                              GROUP BY movie_id) t
                        LEFT JOIN (SELECT movie_id, votes
                                   FROM standings
                                   WHERE period = to_char(moved.month, 'YYYY-MM')) s USING (movie_id)
                        WHERE s.votes IS DISTINCT FROM t.votes
                        OFFSET 0) d
), changed AS (
    INSERT INTO standings (period, movie_id, votes)
    SELECT period, movie_id, votes FROM more
    UNION ALL
    SELECT 'all', movie_id, sum(votes)::bigint FROM more GROUP BY movie_id
    ON CONFLICT (period, movie_id) DO UPDATE SET votes = standings.votes + excluded.votes
    RETURNING movie_id
), remembered AS (
    INSERT INTO folds (month, votes)
    SELECT month, votes FROM moved
    ON CONFLICT (month) DO UPDATE SET votes = excluded.votes
)
SELECT (SELECT count(*) FROM changed) AS changed,
       (SELECT coalesce(sum(votes), 0)::bigint FROM tally_totals) AS version,
       (SELECT max(period) FROM more) AS month,
       (SELECT CASE WHEN count(*) <= 200 THEN string_agg(movie_id::text, ',' ORDER BY movie_id) END
        FROM (SELECT DISTINCT movie_id FROM more LIMIT 201) m) AS movie_ids
