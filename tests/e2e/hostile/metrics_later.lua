-- Metrics made by a handler, without end.
-- 500: metrics are declared while scripts load
local metrics = require "plateia.metrics"
return require "lib.attack"(..., function()
  for i = 1, 1e6 do metrics.gauge("hostile_" .. i, "One more.") end
end)
