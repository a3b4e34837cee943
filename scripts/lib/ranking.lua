-- The ranking. Readers read the standings only; whoever fills the cache first folds the tallies into them.

local cache = require "plateia.cache"
local clock = require "plateia.clock"
local db = require "plateia.db"
local field = require "plateia.field"

local ranking = {}

ranking.Top = field.object({
  items = field.list {
    of = field.object({
      rank = field.integer { min = 1 },
      id = field.integer { min = 1 },
      title = field.string {},
      year = field.integer { optional = true },
      votes = field.integer { min = 1 },
    }, { name = "Ranked" }),
  },
  as_of = field.string { format = "date-time" },
}, { name = "Top" })

local lock, fold = db.query "lock_standings", db.query "fold_standings"
local top = db.query "top_movies"

-- "all", "current" or a month such as "2026-11".
function ranking.check_period(text)
  local month = text:match("^%d%d%d%d%-(%d%d)$")
  if text == "all" or text == "current" or month and month >= "01" and month <= "12" then return text end
  return nil, "a period is \"all\", \"current\" or a month such as \"2026-11\""
end

local function refresh()
  local tx <close>, why, code = db.transaction()
  if not tx then return nil, why, code end
  local done
  done, why, code = tx:query(lock)
  if not done then return nil, why, code end
  done, why, code = tx:query(fold)
  if not done then return nil, why, code end
  return tx:commit()
end

local passing = { busy = true, timeout = true, unknown = true }

-- Where folding has to wait for better times, the standings of before are shown, and the cache is told that
-- they are old already.
function ranking.top(period, limit)
  local done, why, code = refresh()
  if not done and not passing[code] then return nil, why, code end
  if not done then cache.drop "ranking.changed" end
  local rows
  rows, why, code = top(period, limit)
  if not rows then return nil, why, code end
  return { items = rows, as_of = rows[1] and rows[1].as_of or clock.rfc3339(clock.now()) }
end

return ranking
