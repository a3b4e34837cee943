-- What it is given.
-- class: read
-- params: words text[]
SELECT cardinality($1) AS words
