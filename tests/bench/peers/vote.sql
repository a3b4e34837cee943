-- pgbench -D i=0 -D users=N -D clients=C -D films=M: one new vote a transaction, each of another user.
\set i :i + 1
\set user 1 + permute(:client_id * (:users / :clients) + :i % (:users / :clients), :users)
\set film random(1, :films)
INSERT INTO votes (user_id, month, movie_id) VALUES (:user, date_trunc('month', now()), :film) ON CONFLICT DO NOTHING;
