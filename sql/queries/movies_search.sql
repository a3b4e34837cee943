-- Films with the given text anywhere in the title, without regard to case; %, _ and \ stand for themselves.
-- Three letters and more are looked up by trigrams and sorted; fewer have none, but stand in so many titles that
-- walking by id soon has a page. Each way is written down, as a prepared plan knows nothing of the text: left to
-- itself it walks all films for the one that is asked for.
-- class: read
-- params: search text, after bigint, limit_ int
WITH asked AS MATERIALIZED (
    SELECT text, char_length(text) >= 3 AS long, '%' || regexp_replace(text, '[\\%_]', '\\\&', 'g') || '%' AS pattern
    FROM lower(normalize($1, NFC) COLLATE "und-x-icu") AS text
), looked_up AS MATERIALIZED (
    SELECT id, title, year, genre, director, minutes
    FROM movies
    WHERE (SELECT long FROM asked)
      AND lower(title COLLATE "und-x-icu") LIKE (SELECT pattern FROM asked)
      AND id > coalesce($2::bigint, 0)
), walked AS MATERIALIZED (
    SELECT id, title, year, genre, director, minutes
    FROM movies
    WHERE (SELECT NOT long FROM asked)
      AND strpos(lower(title COLLATE "und-x-icu"), (SELECT text FROM asked)) > 0
      AND id > coalesce($2::bigint, 0)
    ORDER BY id
    LIMIT $3
)
SELECT id, title, year, genre, director, minutes FROM looked_up
UNION ALL
SELECT id, title, year, genre, director, minutes FROM walked
ORDER BY id
LIMIT $3
