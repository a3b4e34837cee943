-- Casts one vote for each index of the arrays, and counts those that are new into the slot's tallies.
-- Exactly one row comes back for each, in order: 'cast', 'again' (this user has voted this month), 'no_movie'
-- or 'no_user'. Votes go in by user, then tallies by film: writers never wait for each other in a ring. Who
-- wants to hear of a vote gets a row in the outbox by the same commit.
-- OFFSET 0 keeps each look-up one probe a vote: as a join it may read the whole table for a batch. Users and titles are
-- read for those alone who are told. A tally that is there is raised by an UPDATE, as finding that out by a
-- conflict costs half as much again; the slot is ours, so the insert meets somebody else's row only by a hand that is
-- not the server's.
-- The key keeps a user from being twice in a batch; twice for two films would still be one vote.
-- class: batch
-- params: user_id bigint, movie_id bigint
-- key: user_id
-- slot: $3
WITH moment AS MATERIALIZED (
    SELECT at, month, to_char(month, 'YYYY-MM') AS name, (month + interval '1 month') AT TIME ZONE 'UTC' AS next_at
    FROM (SELECT voting_now() AS at, voting_month() AS month) m
), call AS MATERIALIZED (
    SELECT c.n, c.movie_id, u.id AS known_user, m.id AS known_movie
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS c(user_id, movie_id, n)
    LEFT JOIN LATERAL (SELECT id FROM users WHERE id = c.user_id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT id FROM movies WHERE id = c.movie_id OFFSET 0) m ON true
), cast_now AS (
    INSERT INTO votes (month, user_id, movie_id, voted_at)
    SELECT moment.month, call.known_user, call.known_movie, moment.at
    FROM call CROSS JOIN moment
    WHERE call.known_user IS NOT NULL AND call.known_movie IS NOT NULL
    ORDER BY call.known_user, call.n
    ON CONFLICT DO NOTHING
    RETURNING month, user_id, movie_id, voted_at
), counted AS MATERIALIZED (
    SELECT month, movie_id, count(*) AS votes FROM cast_now GROUP BY month, movie_id ORDER BY month, movie_id
), raised AS (
    UPDATE tallies SET votes = tallies.votes + counted.votes
    FROM counted
    WHERE tallies.month = counted.month AND tallies.movie_id = counted.movie_id AND tallies.slot = $3::int
    RETURNING tallies.movie_id
), begun AS (
    INSERT INTO tallies (month, movie_id, slot, votes)
    SELECT month, movie_id, $3::int, votes
    FROM counted
    WHERE movie_id NOT IN (SELECT movie_id FROM raised)
    ORDER BY month, movie_id
    ON CONFLICT (month, movie_id, slot) DO UPDATE SET votes = tallies.votes + excluded.votes
), totalled AS (
    INSERT INTO tally_totals (month, slot, votes)
    SELECT month, $3::int, sum(votes)::bigint FROM counted GROUP BY month
    ON CONFLICT (month, slot) DO UPDATE SET votes = tally_totals.votes + excluded.votes
), told AS (
    INSERT INTO outbox (channel, recipient, template, data)
    SELECT u.notify_by, u.recipient, 'vote_counted',
           jsonb_build_object('username', u.username,
                              'title', (SELECT title FROM movies WHERE id = cast_now.movie_id),
                              'month', to_char(cast_now.month, 'YYYY-MM'))
    FROM cast_now
    CROSS JOIN LATERAL (
        SELECT username, notify_by,
               CASE notify_by WHEN 'email' THEN email WHEN 'sms' THEN phone ELSE username END AS recipient
        FROM users
        WHERE id = cast_now.user_id AND notify_by <> 'none'
        OFFSET 0
    ) u
    WHERE u.recipient IS NOT NULL
)
SELECT call.n,
       CASE WHEN call.known_user IS NULL THEN 'no_user'
            WHEN call.known_movie IS NULL THEN 'no_movie'
            WHEN cast_now.user_id IS NULL THEN 'again'
            ELSE 'cast'
       END AS outcome,
       call.movie_id,
       moment.name AS month,
       cast_now.voted_at,
       moment.next_at AS next_vote_at
FROM call
CROSS JOIN moment
LEFT JOIN cast_now ON cast_now.user_id = call.known_user AND cast_now.movie_id = call.known_movie
ORDER BY call.n
