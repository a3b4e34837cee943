-- The films of a list, by id.
-- class: read
-- params: name text
SELECT m.id, m.titel
FROM lists l
JOIN movies m ON m.id = l.movie_id
WHERE l.name = $1
ORDER BY m.id
