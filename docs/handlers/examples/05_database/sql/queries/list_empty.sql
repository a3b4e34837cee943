-- class: lease
-- params: name text
DELETE FROM lists WHERE name = $1
