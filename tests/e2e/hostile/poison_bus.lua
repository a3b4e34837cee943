-- A library given as the list of an event.
-- 500: cannot change a protected metatable
local bus = require "plateia.bus"
return require "lib.attack"(..., function()
  bus.publish_here("ranking.changed", { month = "2026-11", version = 1, movie_ids = string })
end)
