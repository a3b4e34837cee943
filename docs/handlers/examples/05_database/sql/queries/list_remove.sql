-- What was removed comes back: no row where there was nothing to remove.
-- class: lease
-- params: name text, movie_id bigint
DELETE FROM lists WHERE name = $1 AND movie_id = $2
RETURNING movie_id
