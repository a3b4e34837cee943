-- pgbench -D films=M, on our own tables: what GET /movies asks for a page that begins anywhere.
\set after random(0, :films - 21)
SELECT id, title, year, genre, director, minutes FROM movies WHERE id > :after ORDER BY id LIMIT 20;
