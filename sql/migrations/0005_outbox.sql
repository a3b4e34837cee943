-- What people are to be told. A row is written by the statement that made it true, so neither can be without
-- the other, and it is gone once it is delivered.
CREATE TABLE outbox (
    key           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    channel       text        NOT NULL,
    recipient     text        NOT NULL,
    template      text        NOT NULL,
    data          jsonb       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    due_at        timestamptz NOT NULL DEFAULT now(),
    attempts      int         NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    dead_at       timestamptz,
    last_error    text
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE  outbox               IS 'notifications that wait to be delivered, and those given up';
COMMENT ON COLUMN outbox.key           IS 'the notification''s own; the same at every attempt, so that doubles can be told';
COMMENT ON COLUMN outbox.channel       IS 'name of a channel (scripts/notifications/NAME.lua)';
COMMENT ON COLUMN outbox.recipient     IS 'an address as the channel understands it';
COMMENT ON COLUMN outbox.template      IS 'name of the text that is made of data';
COMMENT ON COLUMN outbox.data          IS 'what the template speaks of, as it was at that moment';
COMMENT ON COLUMN outbox.created_at    IS 'when it was written';
COMMENT ON COLUMN outbox.due_at        IS 'not to be attempted before';
COMMENT ON COLUMN outbox.attempts      IS 'how often it was claimed; tells one claim from the next';
COMMENT ON COLUMN outbox.claimed_until IS 'whoever claimed it has it until then';
COMMENT ON COLUMN outbox.dead_at       IS 'when it was given up';
COMMENT ON COLUMN outbox.last_error    IS 'why the last attempt failed';

-- What may be claimed, longest due first; a claim whose time has passed counts as none.
CREATE INDEX outbox_due ON outbox ((greatest(due_at, claimed_until))) WHERE dead_at IS NULL;
-- What an operator looks for.
CREATE INDEX outbox_given_up ON outbox (dead_at) WHERE dead_at IS NOT NULL;
