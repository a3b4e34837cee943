-- A user's own votes, newest month first.
-- class: read
-- params: user_id bigint, limit_ int
SELECT v.movie_id, m.title, to_char(v.month, 'YYYY-MM') AS month, v.voted_at
FROM votes v
JOIN movies m ON m.id = v.movie_id
WHERE v.user_id = $1
ORDER BY v.month DESC
LIMIT $2
