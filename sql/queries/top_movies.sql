-- The ranking of a period: 'all', 'YYYY-MM', or 'current' for the month that votes count for now.
-- The titles of so many films and no more are read: OFFSET 0 keeps a prepared plan, which does not know the limit,
-- from reading the whole catalogue to be ready for a long list.
-- class: read
-- params: period text, limit_ int
SELECT row_number() OVER (ORDER BY s.votes DESC, s.movie_id) AS rank,
       m.id, m.title, m.year, s.votes, now() AS as_of
FROM (SELECT movie_id, votes
      FROM standings
      WHERE period = CASE $1 WHEN 'current' THEN to_char(voting_month(), 'YYYY-MM') ELSE $1 END AND votes > 0
      ORDER BY votes DESC, movie_id
      LIMIT $2) s
CROSS JOIN LATERAL (SELECT id, title, year FROM movies WHERE id = s.movie_id OFFSET 0) m
ORDER BY s.votes DESC, s.movie_id
