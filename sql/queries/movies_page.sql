-- The catalogue by id; `after` is the last id of the page before, NULL or 0 for the first page.
-- class: read
-- params: after bigint, limit_ int
SELECT id, title, year, genre, director, minutes
FROM movies
WHERE id > coalesce($1::bigint, 0)
ORDER BY id
LIMIT $2
