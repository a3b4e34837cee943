-- growth: what becomes of the figures when there is more of something: connections, votes that are there already.

local ground = require "ground"
local measure = require "measure"
local plans = require "support.plans"
local process = require "support.process"
local report = require "report"
local server = require "support.server"
local turn = require "turn"
local works = require "works"

local growth = {}

local CONNECTIONS = { 1, 32, 256, 2000 }

local function rows_for(list, name)
  local rows = {}
  for i, value in ipairs(list) do rows[i] = { name = name(value), at = value, ours = true } end
  return rows
end

-- Rate and times of votes, films and rankings, as more and more ask at the same time.
function growth.connections(options, say)
  local short = setmetatable({ pace = 0, warm = 1, seconds = math.min(options.seconds, 4) }, { __index = options })
  local votes = ground.crowd(ground.ours, "grows", measure.voters(short))
  local kinds = { { "votes", votes, measure.votes }, { "films by id", works.films(), measure.reads },
    { "rankings", works.rankings(), measure.reads } }
  for _, kind in ipairs(kinds) do
    kind.rows = rows_for(CONNECTIONS, function(count) return ("%s, %d connections"):format(kind[1], count) end)
  end
  for _ = 1, options.turns do
    for _, kind in ipairs(kinds) do
      for _, row in ipairs(kind.rows) do
        turn(row, say, function()
          if kind[2] == votes then ground.clear(ground.ours) end
          return works.with("ours", {}, function(running)
            return kind[3](running, kind[2], setmetatable({ connections = row.at }, { __index = short }))
          end)
        end)
      end
    end
  end
  return { name = "connections", kinds = kinds, at = CONNECTIONS }
end

-- --- votes that are there already ------------------------------------------------------------------------

-- A database with so many votes in it, and its voters-to-be.
local function filled(votes, voters)
  local db = ground.cluster:create("filled_" .. votes)
  db.seconds = 1200
  local code, text = process.run(server.binary(), { args = { "migrate" }, env = { DATABASE_URL = db.url } })
  if code ~= 0 then error(text, 0) end
  code, text = process.run("sh", { args = { "tests/bench/data.sh", db.url, tostring(votes) }, seconds = 1200 })
  if code ~= 0 then error(text, 0) end
  return db, voters > 0 and ground.crowd(db, "fresh", voters) or nil
end

-- A copy to vote in, so that each turn begins with as many rows.
local function copied(db)
  local maintenance = ground.cluster:open "postgres"
  maintenance.seconds = 300
  maintenance:run "DROP DATABASE IF EXISTS filled_copy WITH (FORCE)"
  maintenance:run(("CREATE DATABASE filled_copy TEMPLATE %s STRATEGY file_copy"):format(db.name))
  local copy = ground.cluster:open "filled_copy"
  copy.seconds = 300
  return copy
end

-- Milliseconds that PostgreSQL takes for the first ten of all time, warm, and pages: the middle of five.
local function top_query(db)
  local times, pages = {}, nil
  for i = 1, 6 do
    local done = plans.explain(db, "top_movies", plans.find("top_movies", "the first ten of all time"), nil,
      "embedded, generic")[1]
    if i > 1 then times[#times + 1] = done.milliseconds end
    pages = done.buffers
  end
  table.sort(times)
  return times[3], pages
end

-- Votes a second, and how long the ranking's query takes, on more and more votes.
function growth.votes(options, say)
  local short = setmetatable({ pace = 0, connections = 512 }, { __index = options })
  local sizes = options.quick and { 10000, 100000 } or options.full and { 10000, 100000, 1000000, 10000000 }
    or { 10000, 100000, 1000000 }
  local rows = rows_for(sizes, function(count) return ("votes, on %s"):format(report.grouped(count)) end)
  for _, row in ipairs(rows) do
    say("  making %s votes", report.grouped(row.at))
    local ok, why = pcall(function()
      row.db, row.requests = filled(row.at, measure.voters(short))
      row.top, row.pages = top_query(row.db)
      say("  the ranking's query on them: %.3f ms, %d pages", row.top, row.pages)
    end)
    if not ok then row.failed = { tostring(why) } end
  end
  for _ = 1, options.turns do
    for _, row in ipairs(rows) do
      turn(row, say, function()
        local db = copied(row.db)
        return works.with("ours", { database = db }, function(running)
          return measure.votes(running, row.requests, short)
        end)
      end)
    end
  end
  return { name = "rows", rows = rows }
end

return growth
