CREATE TABLE users (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username      text        NOT NULL,
    password_hash text        NOT NULL,
    email         text,
    phone         text,
    notify_by     text        NOT NULL DEFAULT 'none',
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_username_nfc    CHECK (username IS NFC NORMALIZED),
    CONSTRAINT users_username_length CHECK (char_length(username) BETWEEN 3 AND 32)
);

COMMENT ON TABLE  users               IS 'who may vote';
COMMENT ON COLUMN users.id            IS 'the sub claim of the user''s tokens';
COMMENT ON COLUMN users.username      IS 'as typed, in composed form (NFC); unique without regard to case';
COMMENT ON COLUMN users.password_hash IS 'argon2id in its usual text form';
COMMENT ON COLUMN users.email         IS 'where to write to, if the user said so';
COMMENT ON COLUMN users.phone         IS 'where to send text messages to, if the user said so';
COMMENT ON COLUMN users.notify_by     IS 'name of a notification channel, or none';
COMMENT ON COLUMN users.created_at    IS 'when the user signed up';

-- ICU knows the small letters of every script whatever locale the database has; the index itself is in byte
-- order, so an upgrade of ICU can not put it out of order.
CREATE UNIQUE INDEX users_username_key ON users ((lower(username COLLATE "und-x-icu") COLLATE "C"));
