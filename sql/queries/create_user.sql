-- Signs somebody up. The outcome is data: 'created', 'taken', or 'invalid' for a name whose composed form
-- (NFC) is not 3 to 32 characters long.
-- class: lease
-- params: username text, password_hash text, email text, phone text, notify_by text
WITH asked AS (
    SELECT name, char_length(name) BETWEEN 3 AND 32 AS valid FROM normalize($1, NFC) AS name
), made AS (
    INSERT INTO users (username, password_hash, email, phone, notify_by)
    SELECT name, $2, $3, $4, coalesce($5, 'none') FROM asked WHERE valid
    ON CONFLICT DO NOTHING
    RETURNING id, username
)
SELECT CASE WHEN made.id IS NOT NULL THEN 'created'
            WHEN asked.valid THEN 'taken'
            ELSE 'invalid'
       END AS outcome,
       made.id,
       made.username
FROM asked LEFT JOIN made ON true
