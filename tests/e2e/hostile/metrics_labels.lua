-- Labels of a metric without end, long ones among them: they share one series, and what carries on is the worker.
-- 503: used more than its time
local metrics = require "plateia.metrics"
local tries = metrics.counter("hostile_tries_total", "Tries.", { "a", "b" })
return require "lib.attack"(..., function()
  local i = 0
  while true do
    i = i + 1
    tries:add(1, i, ("x"):rep(i % 70000))
  end
end)
