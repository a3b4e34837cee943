-- A vote is one row, one entry of one index, and nothing else that is written: the foreign keys of votes and the
-- second index were three fifths of what it cost (docs/performance.md).
--
-- user_id first in the key keeps the rule as it was, month and user once, and finds a user's votes as well, which
-- votes_of_user was for. In a partition, which is one month, the order is the same.
ALTER TABLE votes
    DROP CONSTRAINT votes_user_id_fkey,
    DROP CONSTRAINT votes_movie_id_fkey,
    DROP CONSTRAINT votes_pkey,
    ADD PRIMARY KEY (user_id, month);
DROP INDEX votes_of_user;

-- Who may not vanish is looked after from the other side. Films: each vote's statement leaves a tally of its film,
-- which is never deleted and has a foreign key. Users: the lock waits for the votes that are being cast and
-- holds back those that come, so that the look sees all there are, and a vote that waited finds no user any more. It
-- sees them in READ COMMITTED alone.
CREATE FUNCTION keep_voter() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE feature_not_supported USING MESSAGE = 'users are deleted in READ COMMITTED only';
    END IF;
    LOCK TABLE votes IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM votes WHERE user_id = OLD.id) THEN
        RAISE foreign_key_violation USING MESSAGE = format('user %s has voted', OLD.id);
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION keep_voter() IS 'refuses to delete who has voted, or to give them another id';
CREATE TRIGGER keep_voter BEFORE DELETE OR UPDATE OF id ON users FOR EACH ROW EXECUTE FUNCTION keep_voter();

-- Who wants to be told, so that a vote need not look at its user's row to learn that nobody does.
CREATE INDEX users_told ON users (id) WHERE notify_by <> 'none';
