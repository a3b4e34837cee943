-- Films with the given text anywhere in the title, without regard to case; %, _ and \ stand for themselves.
-- class: read
-- params: search text, after bigint, limit_ int
SELECT id, title, year, genre, director, minutes
FROM movies
WHERE lower(title COLLATE "und-x-icu")
      LIKE '%' || regexp_replace(lower(normalize($1, NFC) COLLATE "und-x-icu"), '[\\%_]', '\\\&', 'g') || '%'
  AND id > coalesce($2::bigint, 0)
ORDER BY id
LIMIT $3
