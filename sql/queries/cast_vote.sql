-- Casts one vote for each index of the arrays, and counts those that are new into the slot's tallies.
-- Exactly one row comes back for each, in order: 'cast', 'again' (this user has voted this month), 'no_movie'
-- or 'no_user'. Votes go in by user, then tallies by film: writers never wait for each other in a ring. Who
-- wants to hear of a vote gets a row in the outbox by the same commit.
-- OFFSET 0 keeps the look-up of users one probe a vote: as a join it may read the whole table, whose rows are wide,
-- for a batch. Titles are looked up for those alone who are told.
-- class: batch
-- params: user_id bigint, movie_id bigint
-- key: user_id
-- slot: $3
WITH moment AS MATERIALIZED (
    SELECT voting_now() AS at, voting_month() AS month
), call AS MATERIALIZED (
    SELECT c.n, c.user_id, c.movie_id, u.id AS known_user, m.id AS known_movie,
           u.username, u.notify_by, u.recipient,
           row_number() OVER (PARTITION BY c.user_id ORDER BY c.n) = 1 AS first
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS c(user_id, movie_id, n)
    LEFT JOIN LATERAL (
        SELECT id, username, notify_by,
               CASE notify_by WHEN 'email' THEN email WHEN 'sms' THEN phone ELSE username END AS recipient
        FROM users
        WHERE id = c.user_id
        OFFSET 0
    ) u ON true
    LEFT JOIN movies m ON m.id = c.movie_id
), cast_now AS (
    INSERT INTO votes (month, user_id, movie_id, voted_at)
    SELECT moment.month, call.known_user, call.known_movie, moment.at
    FROM call CROSS JOIN moment
    WHERE call.first AND call.known_user IS NOT NULL AND call.known_movie IS NOT NULL
    ORDER BY call.known_user
    ON CONFLICT DO NOTHING
    RETURNING month, user_id, movie_id, voted_at
), tallied AS (
    INSERT INTO tallies (month, movie_id, slot, votes)
    SELECT month, movie_id, $3::int, count(*) FROM cast_now GROUP BY month, movie_id ORDER BY month, movie_id
    ON CONFLICT (month, movie_id, slot) DO UPDATE SET votes = tallies.votes + excluded.votes
), totalled AS (
    INSERT INTO tally_totals (month, slot, votes)
    SELECT month, $3::int, count(*) FROM cast_now GROUP BY month
    ON CONFLICT (month, slot) DO UPDATE SET votes = tally_totals.votes + excluded.votes
), told AS (
    INSERT INTO outbox (channel, recipient, template, data)
    SELECT call.notify_by, call.recipient, 'vote_counted',
           jsonb_build_object('username', call.username,
                              'title', (SELECT title FROM movies WHERE id = cast_now.movie_id),
                              'month', to_char(cast_now.month, 'YYYY-MM'))
    FROM cast_now
    JOIN call ON call.known_user = cast_now.user_id AND call.first
    WHERE call.notify_by <> 'none' AND call.recipient IS NOT NULL
)
SELECT call.n,
       CASE WHEN call.known_user IS NULL THEN 'no_user'
            WHEN call.known_movie IS NULL THEN 'no_movie'
            WHEN cast_now.user_id IS NULL THEN 'again'
            ELSE 'cast'
       END AS outcome,
       call.movie_id,
       to_char(moment.month, 'YYYY-MM') AS month,
       cast_now.voted_at,
       (moment.month + interval '1 month') AT TIME ZONE 'UTC' AS next_vote_at
FROM call
CROSS JOIN moment
LEFT JOIN cast_now ON cast_now.user_id = call.known_user AND call.first
ORDER BY call.n
