-- The ranking of a period: 'all', 'YYYY-MM', or 'current' for the month that votes count for now.
-- class: read
-- params: period text, limit_ int
SELECT row_number() OVER (ORDER BY s.votes DESC, s.movie_id) AS rank,
       m.id, m.title, m.year, s.votes, now() AS as_of
FROM (SELECT movie_id, votes
      FROM standings
      WHERE period = CASE $1 WHEN 'current' THEN to_char(voting_month(), 'YYYY-MM') ELSE $1 END AND votes > 0
      ORDER BY votes DESC, movie_id
      LIMIT $2) s
JOIN movies m ON m.id = s.movie_id
ORDER BY s.votes DESC, s.movie_id
