-- Each film once, and only films that there are; what went in comes back.
-- class: lease
-- params: name text, movie_ids bigint[]
INSERT INTO lists (name, movie_id)
SELECT $1, id FROM movies WHERE id = ANY ($2)
RETURNING movie_id
