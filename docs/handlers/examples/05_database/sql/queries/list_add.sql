-- Exactly one row for each call, numbered by n: 'added', 'there' or 'no_film'.
-- class: batch
-- params: name text, movie_id bigint
-- key: movie_id
WITH call AS MATERIALIZED (
    SELECT c.n, c.name, c.movie_id, EXISTS (SELECT FROM movies WHERE id = c.movie_id) AS known
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS c(name, movie_id, n)
), added AS (
    INSERT INTO lists (name, movie_id)
    SELECT name, movie_id FROM call WHERE known ORDER BY movie_id
    ON CONFLICT DO NOTHING
    RETURNING name, movie_id
)
SELECT call.n, CASE WHEN NOT call.known THEN 'no_film' WHEN added.name IS NULL THEN 'there' ELSE 'added' END AS outcome
FROM call
LEFT JOIN added USING (name, movie_id)
ORDER BY call.n
