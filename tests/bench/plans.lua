-- plans: what each query reads and how long it takes, with its index and without, and what the indexes cost those who
-- write; as Markdown. All in transactions that are rolled back; run it beside nothing else.
--
--   lua5.4 tests/bench/plans.lua URL        a database that tests/bench/data.sh filled, on a server of its own

package.path = "tests/e2e/?.lua;" .. package.path

local database = require "support.database"
local plans = require "support.plans"
local process = require "support.process"

local db = database.at(assert(arg[1], "which database?"), 600)

local HOW = "embedded, generic" -- how the server's statements run, once they are warm

local function measure(name, case, first)
  return plans.explain(db, name, case, first, HOW)[1]
end

local function line(...) print("| " .. table.concat({ ... }, " | ") .. " |") end
local function ms(value) return (value < 10 and "%.2f" or "%.0f"):format(value) end
local function count(value) return ("%d"):format(value) end

local function every_query()
  line("query", "case", "ms", "rows read", "pages")
  line("---", "---", "--:", "--:", "--:")
  for _, name in ipairs(plans.names("sql/plans", "plan")) do
    for _, case in ipairs(plans.read("sql/plans/" .. name .. ".plan")) do
      local done = measure(name, case)
      line("`" .. name .. "`", case.name, ms(done.milliseconds), count(done.rows), count(done.buffers))
    end
  end
end

-- Index, the query that has it, the case; then the SQL that takes it away.
local indexes = {
  { "standings_ranking", "top_movies", "the first ten of all time" },
  { "votes_pkey", "user_votes", "a year of votes",
    "ALTER TABLE votes DROP CONSTRAINT votes_pkey, ADD UNIQUE (month, user_id)" },
  { "users_told", "cast_vote", "256 votes, all told" },
  { "users_username_key", "user_by_name", "in other letters" },
  { "movies_title_search", "movies_search", "a rare word" },
  { "movies_pkey", "movies_page", "deep page", "ALTER TABLE movies DROP CONSTRAINT movies_pkey CASCADE" },
  { "tallies_pkey", "fold_standings", "ten films of this month moved",
    "CREATE UNIQUE INDEX other ON tallies (movie_id, month, slot); ALTER TABLE tallies DROP CONSTRAINT tallies_pkey" },
}

local function each_index()
  line("index", "query", "ms without", "ms with", "pages without", "pages with", "rows without", "rows with")
  line("---", "---", "--:", "--:", "--:", "--:", "--:", "--:")
  for _, each in ipairs(indexes) do
    local index, name, case = each[1], each[2], plans.find(each[2], each[3])
    local before = measure(name, case, (each[4] or "DROP INDEX " .. index) .. ";")
    local after = measure(name, case)
    line("`" .. index .. "`", "`" .. name .. "`, " .. each[3], ms(before.milliseconds), ms(after.milliseconds),
      count(before.buffers), count(after.buffers), count(before.rows), count(after.rows))
  end
end

-- The first ten films of all time, if there were only the votes, or only the tallies; the second run of each.
local function ranking()
  local from = { votes = "count(*)", tallies = "sum(votes)" }
  line("read from", "ms", "pages")
  line("---", "--:", "--:")
  for _, source in ipairs { "votes", "tallies" } do
    local sql = ("SELECT movie_id, %s FROM %s GROUP BY movie_id ORDER BY 2 DESC, 1 LIMIT 10")
      :format(from[source], source)
    local text = db:rows(("SET jit = off; %s \\g /dev/null\n EXPLAIN (ANALYZE, BUFFERS) %s;"):format(sql, sql))
    local pages, spent = 0, text[#text][1]:match "([%d.]+) ms"
    for kind, number in text[2][1]:gmatch "(%l+)=(%d+)" do
      if kind == "hit" or kind == "read" then pages = pages + number end
    end
    line("`" .. source .. "`", ms(tonumber(spent)), count(pages))
  end
  local done = measure("top_movies", plans.find("top_movies", "the first ten of all time"))
  line("`standings`", ms(done.milliseconds), count(done.buffers))
end

-- --- what writing pays -----------------------------------------------------------------------------------

-- Milliseconds that `sql` takes behind `first`, and bytes of write-ahead log; rolled back.
local function cost(sql, first)
  local rows = db:rows(table.concat({ "CHECKPOINT; BEGIN; SET LOCAL jit = off;", first,
    "SELECT clock_timestamp() AS began, pg_current_wal_insert_lsn() AS lsn \\gset", sql,
    "SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000, pg_current_wal_insert_lsn() - :'lsn';",
    "ROLLBACK; VACUUM;" }, "\n"))
  return tonumber(rows[#rows][1]), tonumber(rows[#rows][2])
end

-- The least of some runs with and without the index in turn, as other programs only ever add to a time; the first
-- pair, which warms up, is not looked at.
local function compare(sql, first, drop)
  local with, without, log_with, log_without = math.huge, math.huge, math.huge, math.huge
  for round = 0, 4 do
    local a, log_a = cost(sql, drop .. first)
    local b, log_b = cost(sql, first)
    if round > 0 then
      without, with = math.min(without, a), math.min(with, b)
      log_without, log_with = math.min(log_without, log_a), math.min(log_with, log_b)
    end
  end
  return without, with, log_without, log_with
end

-- 100 batches of 256 votes, of users that have not voted this month.
local function batches()
  local text = process.read_file "sql/queries/cast_vote.sql"
  return ([[CREATE TEMP TABLE calls AS
    SELECT array_agg(id ORDER BY random()) AS users, array_agg(1 + (random() ^ 4 * 9999)::bigint) AS films
    FROM (SELECT id, row_number() OVER (ORDER BY id * 7919 %% 1000003) / 256 AS batch FROM users u
          WHERE NOT EXISTS (SELECT FROM votes v WHERE v.month = voting_month() AND v.user_id = u.id)) s
    WHERE batch < 100 GROUP BY batch;
    PREPARE cast_vote (bigint[], bigint[], int) AS %s;]]):format(text),
    [[DO $$ DECLARE c record;
      BEGIN FOR c IN SELECT users, films FROM calls LOOP
        EXECUTE format('EXECUTE cast_vote(%L, %L, 1)', c.users, c.films);
      END LOOP; END $$;]]
end

local function writing()
  local made, run = batches()
  local users = [[INSERT INTO users (username, password_hash)
    SELECT 'other' || n, 'x' FROM generate_series(1, 20000) n;]]
  local films = [[INSERT INTO movies (title) SELECT title FROM movies LIMIT 5000;]]
  local fold = [[UPDATE standings SET votes = votes + 1 WHERE period = 'all';]]
  line("what is written", "index", "ms without", "ms with", "price", "log without, MiB", "with")
  line("---", "---", "--:", "--:", "--:", "--:", "--:")
  for _, each in ipairs {
    { "25,600 votes, 256 a batch", "users_told", run, made },
    { "20,000 users", "users_username_key", users, "" },
    { "5,000 films", "movies_title_search", films, "" },
    { "all films' votes in the standings", "standings_ranking", fold, "" },
  } do
    local without, with, log_without, log_with =
      compare(each[3], each[4], each[5] or "DROP INDEX " .. each[2] .. ";")
    line(each[1], each[5] and each[2] or "`" .. each[2] .. "`", ms(without), ms(with),
      ("%+.0f %%"):format((with / without - 1) * 100), ms(log_without / 2 ^ 20), ms(log_with / 2 ^ 20))
  end
end

print "\n## Every query\n"
every_query()
print "\n## Each index\n"
each_index()
print "\n## The ranking\n"
ranking()
print "\n## What writing pays\n"
writing()
