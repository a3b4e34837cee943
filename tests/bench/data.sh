#!/bin/sh
# Fills a migrated, empty database with users, films and votes of the twelve months up to this one, tallied and
# folded as if they had come in one by one.
#
#   tests/bench/data.sh URL [VOTES [USERS [FILMS]]]      default: 10000000, a tenth of it (at most 1000000), 10000
#
# Films are chosen as people do, the film of rank r about r times as seldom as the first (Zipf). A user has one
# vote in most months, none in the others, so this month has voters left. The same numbers give the same votes.
# Ends with the audit.
set -eu
cd "$(dirname "$0")/../.."

url=${1:?"which database? see the head of $0"}
votes=${2:-10000000}
users=${3:-$((votes / 10 < 1000000 ? votes / 10 : 1000000))}
films=${4:-10000}
months=12
slots=4 # writers that counted

began=$(date +%s)
say() { printf '%4d s  %s\n' $(($(date +%s) - began)) "$*"; }
die() { echo "data.sh: $*" >&2; exit 1; }

# ask [PSQL ARGUMENT...] <SQL; random() says the same in every run.
ask() {
    { echo "SELECT setseed(0.5) \\gset"; cat; } |
        PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 -v votes="$votes" -v users="$users" \
            -v films="$films" -v months="$months" -v slots="$slots" "$@" -f - "$url"
}

per_month=$((votes / months))
[ "$per_month" -ge 1 ] || die "at least $months votes"
[ $((per_month + per_month / 20)) -le "$users" ] || die "$votes votes want at least $((per_month + per_month / 20)) users"
[ $((users % 7919)) != 0 ] && [ $((films % 7919)) != 0 ] || die "no multiple of 7919, which scatters ids"
[ "$(echo "SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM movies)" | ask)" = f ] || die "the database is not empty"

say "$users users"
ask <<'END'
INSERT INTO users (username, password_hash) SELECT 'voter' || n, 'none' FROM generate_series(1, :users) AS n;
END

# Titles of one to five words; a few words are in every tenth title, most in very few.
say "$films films"
ask <<'END'
CREATE FUNCTION pg_temp.word(rank int) RETURNS text LANGUAGE sql AS
$$ SELECT initcap(syllables[1 + rank % 20] || syllables[1 + rank / 20 % 20] ||
                  CASE WHEN rank < 400 THEN '' ELSE syllables[1 + rank / 400] END)
   FROM (SELECT string_to_array('ma ri lo ven tar sil go dan kes hu per ol ni bra dor fe wan cu ist ey', ' '))
        AS list(syllables) $$;
INSERT INTO movies (title, year, genre, director, minutes)
SELECT CASE WHEN n % 4 = 0 THEN 'The ' ELSE '' END || title || CASE WHEN n % 20 = 0 THEN ' ' || 2 + n % 3 ELSE '' END,
       1920 + (n * 31) % 105, (ARRAY['Drama', 'Comedy', 'Horror', 'Western', NULL])[1 + n % 5],
       'Director ' || n % 700, 75 + n % 90
FROM (SELECT n, string_agg(pg_temp.word(floor(exp(random() * ln(8000)))::int - 1), ' ') AS title
      FROM generate_series(1, :films) AS n, generate_series(1, 1 + n % 5)
      GROUP BY n) AS titles
ORDER BY n;
INSERT INTO movie_sources (source, key, movie_id) SELECT 'bench', 'film' || id, id FROM movies;
END

# One month a statement, so that there is something to tell. Voter k of a month is another user each month, and
# neighbours in time are no neighbours by id.
month=1
while [ "$month" -le "$months" ]; do
    say "votes of month $month of $months"
    ask -v month="$month" <<'END'
SELECT setseed(:month / 100.0) \gset
SELECT (voting_month() - make_interval(months => :months - :month))::date AS month \gset first_
SELECT make_vote_partitions(:'first_month', 1) \gset
INSERT INTO votes (month, user_id, movie_id, voted_at)
SELECT :'first_month', ((k + :month * (:users / 12)) * 7919) % :users + 1,
       ((floor(exp(random() * ln(:films + 1)))::bigint * 7919) % :films) + 1,
       :'first_month'::timestamp AT TIME ZONE 'UTC' + k * (interval '27 days' / (:votes / :months))
FROM generate_series(1::bigint, :votes / :months) AS k;
END
    month=$((month + 1))
done

say "tallies"
ask <<'END'
SELECT make_vote_partitions(voting_month(), 3) \gset
INSERT INTO tallies (month, movie_id, slot, votes)
SELECT month, movie_id, 1 + user_id % :slots, count(*) FROM votes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
INSERT INTO tally_totals (month, slot, votes) SELECT month, slot, sum(votes) FROM tallies GROUP BY 1, 2 ORDER BY 1, 2;
END

say "standings"
{ echo "BEGIN;"; cat sql/queries/lock_standings.sql; echo '\gset'; cat sql/queries/fold_standings.sql
  echo '\gset'; echo "COMMIT;"; } | ask

say "statistics"
echo "VACUUM (ANALYZE)" | ask

say "audit"
differing=$(ask <sql/queries/audit.sql | wc -l)
[ "$differing" = 0 ] || die "the recount differs in $differing rows"
say "done: $(echo "SELECT count(*) || ' votes, ' || pg_size_pretty(pg_database_size(current_database())) FROM votes" | ask)"
