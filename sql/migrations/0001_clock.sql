-- What time it is for voting. Every statement asks here, so that a test can stand on either side of a
-- month's end by giving its connection the setting plateia.now.

CREATE FUNCTION voting_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('plateia.now', true), '')::timestamptz, now()) $$;
COMMENT ON FUNCTION voting_now() IS 'the setting plateia.now of this connection, else now()';

CREATE FUNCTION voting_month() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT date_trunc('month', voting_now() AT TIME ZONE 'UTC')::date $$;
COMMENT ON FUNCTION voting_month() IS 'first day of the month that votes count for, in UTC';
