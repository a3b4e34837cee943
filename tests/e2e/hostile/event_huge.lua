-- An event of eight megabytes.
-- 500: bytes are more than 7900
local bus = require "plateia.bus"
return require "lib.attack"(..., function()
  assert(bus.publish_here("ranking.changed", { month = ("x"):rep(1000):rep(8000), version = 1, movie_ids = {} }))
end)
