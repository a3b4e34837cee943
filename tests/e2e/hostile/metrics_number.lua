-- A metric that points to another, or to none.
-- 500: there is no such metric
local metrics = require "plateia.metrics"
local depth = metrics.gauge("hostile_depth_meters", "Depth.")
return require "lib.attack"(..., function()
  depth.number = 2 ^ 40 // 1 | 0
  depth:set(1)
end)
