-- A hash of the same password at today's cost.
-- class: lease
-- params: id bigint, password_hash text
UPDATE users SET password_hash = $2
WHERE id = $1
RETURNING id
