-- class: read
SELECT count(*) AS films
FROM movies
