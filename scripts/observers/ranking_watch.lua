-- Whether the ranking moved without a word: told by another server while this one could not hear, or counted by
-- one that ended before it could tell. So nothing is missed for long.

local ranking = require "lib.ranking"

local function compare() assert(ranking.compare()) end

return {
  { every = 5, run = compare },
  { on = "listen.connected", run = compare },
  { on = "ranking.changed", run = function(events) ranking.saw(events[#events].version) end },
}
