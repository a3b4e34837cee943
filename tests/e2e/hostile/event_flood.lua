-- Events without end: the oldest are lost, and what carries on is the worker.
-- 503: used more than its time
local bus = require "plateia.bus"
return require "lib.attack"(..., function()
  while true do bus.publish_here("ranking.changed", { month = "2026-11", version = 1, movie_ids = {} }) end
end)
