-- How PostgreSQL goes about each query where there is much data: as sql/plans says. Talks to PostgreSQL only.

local database = require "support.database"
local plans = require "support.plans"
local process = require "support.process"
local server = require "support.server"

local VOTES, USERS = "300000", "30000"

describe("the plans of all queries, on a large data set", function()
  local db

  setup(function()
    db = database.cluster():create "plans"
    local code, text = process.run(server.binary(), { args = { "migrate" }, env = { DATABASE_URL = db.url } })
    assert.equal(0, code, text)
    code, text = process.run("tests/bench/data.sh", { args = { db.url, VOTES, USERS }, seconds = 120 })
    assert.equal(0, code, text)
    assert.matches("300000 votes", text)
  end)

  teardown(function() database.cluster():open("postgres"):run "DROP DATABASE plans WITH (FORCE)" end)

  for _, name in ipairs(plans.names("sql/plans", "plan")) do
    it("are as sql/plans/" .. name .. ".plan says", function()
      for _, case in ipairs(plans.read("sql/plans/" .. name .. ".plan")) do
        assert.same({}, plans.check(db, name, case))
      end
    end)
  end

  it("are written down for every query that touches a table", function()
    local planned, tables = {}, {}
    for _, name in ipairs(plans.names("sql/plans", "plan")) do planned[name] = true end
    for _, row in ipairs(db:rows "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") do
      tables[row[1]] = true
    end
    for _, name in ipairs(plans.names("sql/queries", "sql")) do
      local text = process.read_file("sql/queries/" .. name .. ".sql"):gsub("%-%-[^\n]*", ""):gsub("'[^']*'", "")
      for word in text:gmatch "[%w_]+" do
        assert.is_true(planned[name] or not tables[word], ("sql/plans/%s.plan is missing"):format(name))
      end
    end
  end)

  local function without(index, name, title)
    local drop = "DROP INDEX " .. index
    local wrong = plans.check(db, name, plans.find(name, title), drop .. ";")
    assert.is_true(#wrong > 0, "nobody misses " .. index)
    assert.same({}, plans.check(db, name, plans.find(name, title)))
    return table.concat(wrong, "\n")
  end

  it("are no longer so when an index is gone", function()
    local wrong = without("movies_title_search", "movies_search", "a rare word")
    assert.matches("defaults, generic%): no Bitmap Index Scan movies_title_search", wrong)
    assert.matches("10000 rows read, 60 allowed", wrong, 1, true)
    assert.matches("rows read", without("standings_ranking", "top_movies", "the first ten of all time"))
    assert.matches("no Index Scan users_told", without("users_told", "cast_vote", "one vote, told"), 1, true)
    assert.matches("30000 rows read", without("users_username_key", "user_by_name", "in other letters"))
  end)
end)
