-- Brings a source's films in line with the arrays (one film an index), so that a second run does nothing:
-- * a key that is known changes its film. The source that leads (it brought the film) overwrites, but never with
--   nothing; any other fills only what is still empty;
-- * a new key meets a film of another catalogue where plain_title and year are the same, and the directors where
--   both are known; one that names the same director comes before one that names none. A film that this source
--   has under another key is not met: the source itself tells the two apart;
-- * any other new key adds a film.
-- A key given twice counts once, its last film wins. After lock_catalogue; without it, of two at once one fails
-- as a whole.
-- class: lease
-- params: source text, keys text[], titles text[], years int[], genres text[], directors text[], minutes int[]
WITH given AS MATERIALIZED (
    SELECT DISTINCT ON (f.key)
           f.key, normalize(f.title, NFC) AS title, f.year, f.genre, f.director, f.minutes, f.n
    FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[]) WITH ORDINALITY
         AS f(key, title, year, genre, director, minutes, n)
    ORDER BY f.key, f.n DESC
), known AS MATERIALIZED (
    SELECT s.movie_id, s.leads, g.key, g.title, g.year, g.genre, g.director, g.minutes
    FROM given g JOIN movie_sources s ON s.source = $1 AND s.key = g.key
), choices AS (
    SELECT g.key, g.n, m.id,
           row_number() OVER (PARTITION BY g.key
                              ORDER BY (m.director IS NULL OR g.director IS NULL), m.id) AS choice
    FROM given g JOIN movies m ON plain_title(m.title) = plain_title(g.title) AND m.year = g.year
    WHERE (m.director IS NULL OR g.director IS NULL OR plain_text(m.director) = plain_text(g.director))
      AND NOT EXISTS (SELECT 1 FROM movie_sources s WHERE s.source = $1 AND s.key = g.key)
      AND NOT EXISTS (SELECT 1 FROM movie_sources s WHERE s.movie_id = m.id AND s.source = $1)
), met AS MATERIALIZED (
    SELECT DISTINCT ON (c.id) c.id, c.key
    FROM choices c
    WHERE c.choice = 1
    ORDER BY c.id, c.n
), fresh AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('movies', 'id')) AS id,
           f.key, f.title, f.year, f.genre, f.director, f.minutes
    FROM (SELECT g.key, g.title, g.year, g.genre, g.director, g.minutes
          FROM given g
          WHERE NOT EXISTS (SELECT 1 FROM movie_sources s WHERE s.source = $1 AND s.key = g.key)
            AND NOT EXISTS (SELECT 1 FROM met WHERE met.key = g.key)
          ORDER BY g.n) f
), added AS (
    INSERT INTO movies (id, title, year, genre, director, minutes)
    SELECT id, title, year, genre, director, minutes FROM fresh
    RETURNING id
), named AS (
    INSERT INTO movie_sources (source, key, movie_id, leads)
    SELECT $1, key, id, true FROM fresh
    UNION ALL
    SELECT $1, key, id, false FROM met
), told AS (
    SELECT movie_id, leads, title, year, genre, director, minutes FROM known
    UNION ALL
    SELECT met.id, false, g.title, g.year, g.genre, g.director, g.minutes FROM met JOIN given g ON g.key = met.key
), better AS MATERIALIZED (
    SELECT m.id, CASE WHEN t.leads THEN t.title ELSE m.title END AS title,
           CASE WHEN t.leads THEN coalesce(t.year, m.year) ELSE coalesce(m.year, t.year) END AS year,
           CASE WHEN t.leads THEN coalesce(t.genre, m.genre) ELSE coalesce(m.genre, t.genre) END AS genre,
           CASE WHEN t.leads THEN coalesce(t.director, m.director)
                ELSE coalesce(m.director, t.director) END AS director,
           CASE WHEN t.leads THEN coalesce(t.minutes, m.minutes) ELSE coalesce(m.minutes, t.minutes) END AS minutes
    FROM told t JOIN movies m ON m.id = t.movie_id
), changed AS (
    UPDATE movies m
    SET title = b.title, year = b.year, genre = b.genre, director = b.director, minutes = b.minutes
    FROM better b
    WHERE m.id = b.id
      AND (m.title, m.year, m.genre, m.director, m.minutes)
          IS DISTINCT FROM (b.title, b.year, b.genre, b.director, b.minutes)
    RETURNING m.id
), counts AS (
    SELECT (SELECT count(*) FROM added) AS added, (SELECT count(*) FROM met) AS met,
           (SELECT count(*) FROM known WHERE movie_id IN (SELECT id FROM changed)) AS changed,
           (SELECT count(*) FROM known) AS known
)
SELECT added, met, changed, known - changed AS unchanged
FROM counts
