-- Who signs in under this name, typed in whatever case.
-- class: read
-- params: username text
SELECT id, username, password_hash
FROM users
WHERE lower(username COLLATE "und-x-icu") COLLATE "C"
      = lower(normalize($1, NFC) COLLATE "und-x-icu") COLLATE "C"
