-- class: read
-- params: id bigint
SELECT id, username, email, phone, notify_by, created_at
FROM users
WHERE id = $1
