-- pgbench -D films=M, on our own tables: what GET /movies/{id} asks.
\set film random(1, :films)
SELECT id, title, year, genre, director, minutes FROM movies WHERE id = :film;
