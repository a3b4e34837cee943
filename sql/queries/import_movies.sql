-- Brings a source's films in line with the arrays (one film an index): new keys are added, changed films
-- changed, all others left alone, so that a second run does nothing. A key given twice counts once, its last
-- film wins. After lock_catalogue; without it, of two at once one fails as a whole.
-- class: lease
-- params: source text, keys text[], titles text[], years int[], genres text[], directors text[], minutes int[]
WITH given AS MATERIALIZED (
    SELECT DISTINCT ON (f.key)
           f.key, normalize(f.title, NFC) AS title, f.year, f.genre, f.director, f.minutes, f.n
    FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[]) WITH ORDINALITY
         AS f(key, title, year, genre, director, minutes, n)
    ORDER BY f.key, f.n DESC
), known AS MATERIALIZED (
    SELECT s.movie_id, g.title, g.year, g.genre, g.director, g.minutes
    FROM given g JOIN movie_sources s ON s.source = $1 AND s.key = g.key
), fresh AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('movies', 'id')) AS id,
           f.key, f.title, f.year, f.genre, f.director, f.minutes
    FROM (SELECT g.key, g.title, g.year, g.genre, g.director, g.minutes
          FROM given g
          WHERE NOT EXISTS (SELECT 1 FROM movie_sources s WHERE s.source = $1 AND s.key = g.key)
          ORDER BY g.n) f
), added AS (
    INSERT INTO movies (id, title, year, genre, director, minutes)
    SELECT id, title, year, genre, director, minutes FROM fresh
    RETURNING id
), named AS (
    INSERT INTO movie_sources (source, key, movie_id)
    SELECT $1, key, id FROM fresh
), changed AS (
    UPDATE movies m
    SET title = k.title, year = k.year, genre = k.genre, director = k.director, minutes = k.minutes
    FROM known k
    WHERE m.id = k.movie_id
      AND (m.title, m.year, m.genre, m.director, m.minutes)
          IS DISTINCT FROM (k.title, k.year, k.genre, k.director, k.minutes)
    RETURNING m.id
), counts AS (
    SELECT (SELECT count(*) FROM added) AS added, (SELECT count(*) FROM changed) AS changed,
           (SELECT count(*) FROM known) AS known
)
SELECT added, changed, known - changed AS unchanged
FROM counts
