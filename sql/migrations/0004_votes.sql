-- One vote a user and month is the primary key's affair: no race, server or script can break it.
CREATE TABLE votes (
    month    date        NOT NULL,
    user_id  bigint      NOT NULL REFERENCES users,
    movie_id bigint      NOT NULL REFERENCES movies,
    voted_at timestamptz NOT NULL,
    PRIMARY KEY (month, user_id)
) PARTITION BY RANGE (month);
CREATE INDEX votes_of_user ON votes (user_id, month);

COMMENT ON TABLE  votes          IS 'every vote, a partition a month (see make_vote_partitions)';
COMMENT ON COLUMN votes.month    IS 'first day of the month the vote counts for (UTC)';
COMMENT ON COLUMN votes.user_id  IS 'who voted';
COMMENT ON COLUMN votes.movie_id IS 'for which film';
COMMENT ON COLUMN votes.voted_at IS 'when';

-- Written by the statement that writes the votes. A film everyone votes for would be one row that everyone
-- waits for; so each writer has rows of its own, named by its slot.
CREATE TABLE tallies (
    month    date   NOT NULL,
    movie_id bigint NOT NULL REFERENCES movies,
    slot     int    NOT NULL,
    votes    bigint NOT NULL,
    PRIMARY KEY (month, movie_id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE  tallies          IS 'votes a month, film and writer';
COMMENT ON COLUMN tallies.month    IS 'as in votes';
COMMENT ON COLUMN tallies.movie_id IS 'as in votes';
COMMENT ON COLUMN tallies.slot     IS 'which writer counted; only the sum over slots means something';
COMMENT ON COLUMN tallies.votes    IS 'how many votes the slot counted';

-- What a slot counted in all: a handful of rows that tell, without reading every tally, which months moved.
CREATE TABLE tally_totals (
    month date   NOT NULL,
    slot  int    NOT NULL,
    votes bigint NOT NULL,
    PRIMARY KEY (month, slot)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE  tally_totals       IS 'votes a month and writer: the sum of its tallies, written with them';
COMMENT ON COLUMN tally_totals.month IS 'as in tallies';
COMMENT ON COLUMN tally_totals.slot  IS 'as in tallies';
COMMENT ON COLUMN tally_totals.votes IS 'how many votes the slot counted in the month';

-- The ranking that readers read, folded from the tallies (query fold_standings).
CREATE TABLE standings (
    period   text   COLLATE "C" NOT NULL,
    movie_id bigint NOT NULL REFERENCES movies,
    votes    bigint NOT NULL,
    PRIMARY KEY (period, movie_id),
    CONSTRAINT standings_period_form CHECK (period ~ '^(all|[0-9]{4}-[0-9]{2})$')
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX standings_ranking ON standings (period, votes DESC, movie_id);

COMMENT ON TABLE  standings          IS 'votes a period and film, for reading';
COMMENT ON COLUMN standings.period   IS 'YYYY-MM, or all';
COMMENT ON COLUMN standings.movie_id IS 'the film';
COMMENT ON COLUMN standings.votes    IS 'sum of its tallies over the period';

-- How much of each month is in the standings; only the fold reads or writes it. To build the ranking anew,
-- empty this table and standings in one transaction: the next fold does the rest.
CREATE TABLE folds (
    month date   PRIMARY KEY,
    votes bigint NOT NULL
);

COMMENT ON TABLE  folds       IS 'the tally_totals that the standings were last folded from';
COMMENT ON COLUMN folds.month IS 'as in tallies';
COMMENT ON COLUMN folds.votes IS 'sum of the month''s tally_totals at that time';

-- Made aside and attached, because CREATE TABLE ... PARTITION OF would lock out everyone who votes or reads
-- votes; attaching waits for neither. Partitions that exist are not touched.
CREATE FUNCTION make_vote_partitions(first date, months int) RETURNS int
    LANGUAGE plpgsql SET lock_timeout = '3s' AS
$$
DECLARE
    start date;
    name  text;
    made  int := 0;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        start := date_trunc('month', first::timestamp) + make_interval(months => i);
        name  := 'votes_' || to_char(start, 'YYYY_MM');
        CONTINUE WHEN EXISTS (SELECT 1 FROM pg_inherits
                              WHERE inhparent = 'votes'::regclass AND inhrelid = to_regclass(name));
        EXECUTE format('CREATE TABLE %I (LIKE votes INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE votes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       name, start, (start + interval '1 month')::date);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION make_vote_partitions(date, int) IS
    'makes the missing partitions of so many months, this one first; returns how many it made';
