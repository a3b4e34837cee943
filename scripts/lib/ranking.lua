-- The ranking. Readers read the standings only; observers fold the tallies into them and tell that they changed.

local bus = require "plateia.bus"
local clock = require "plateia.clock"
local db = require "plateia.db"
local field = require "plateia.field"

local ranking = {}

ranking.Top = field.object({
  items = field.list {
    of = field.object({
      rank = field.integer { min = 1, example = 1 },
      id = field.integer { min = 1, example = 42 },
      title = field.string { example = "Central do Brasil" },
      year = field.integer { optional = true, example = 1998 },
      votes = field.integer { min = 1, example = 27 },
    }, { name = "Ranked" }),
  },
  as_of = field.string { format = "date-time", example = "2026-11-28T13:06:19.724261Z" },
}, { name = "Top" })

-- What the stream shows: the race of the month that votes count for now, and all votes of all months.
ranking.Race = field.object({
  items = ranking.Top.fields.items,
  period = field.string { summary = "the month, YYYY-MM", example = "2026-11" },
  total = field.integer { min = 0, summary = "all votes of all months", example = 31 },
  as_of = field.string { format = "date-time", example = "2026-11-28T13:06:19.724261Z" },
}, { name = "Race" })

local lock, fold = db.query "lock_standings", db.query "fold_standings"
local top, version = db.query "top_movies", db.one "standings_version"

-- "all", "current" or a month such as "2026-11".
function ranking.check_period(text)
  local month = text:match("^%d%d%d%d%-(%d%d)$")
  if text == "all" or text == "current" or month and month >= "01" and month <= "12" then return text end
  return nil, "a period is \"all\", \"current\" or a month such as \"2026-11\""
end

-- What the fold moved.
local function refresh()
  local tx <close>, why, code = db.transaction()
  if not tx then return nil, why, code end
  local done, moved
  done, why, code = tx:query(lock)
  if not done then return nil, why, code end
  moved, why, code = tx:one(fold)
  if not moved then return nil, why, code end
  done, why, code = tx:commit()
  if not done then return nil, why, code end
  return moved
end

function ranking.top(period, limit)
  local rows, why, code = top(period, limit)
  if not rows then return nil, why, code end
  return { items = rows, as_of = rows[1] and rows[1].as_of or clock.rfc3339(clock.now()) }
end

function ranking.race(limit)
  local now, why, code = version()
  if not now then return nil, why, code end
  local race
  race, why, code = ranking.top(now.month, limit)
  if not race then return nil, why, code end
  race.period, race.total = now.month, now.standing
  return race
end

-- ---- for observers: one worker of each process ----

local seen -- the version of the standings that this process was last told of

function ranking.saw(told)
  seen = told
end

-- "3,17" -> { 3, 17 }
local function ids(text)
  local list = {}
  for id in (text or ""):gmatch "%d+" do list[#list + 1] = math.tointeger(id) end
  return list
end

-- Folds what was counted, and tells every process if that moved something.
function ranking.follow()
  local moved, why, code = refresh()
  if not moved then return nil, why, code end
  if moved.changed == 0 then return true end
  ranking.saw(moved.version)
  return bus.publish("ranking.changed",
    { month = moved.month, movie_ids = ids(moved.movie_ids), version = moved.version })
end

-- Finds out what nobody told: votes counted and not folded, or standings that are not those last told of.
function ranking.compare()
  local now, why, code = version()
  if not now then return nil, why, code end
  if now.counted ~= now.standing then return ranking.follow() end
  if now.standing == seen then return true end
  ranking.saw(now.standing)
  return bus.publish_here("ranking.changed", { month = now.month, movie_ids = {}, version = now.standing })
end

return ranking
