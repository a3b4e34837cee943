-- class: read
-- params: id bigint
SELECT id, title, year, genre, director, minutes
FROM movies
WHERE id = $1
