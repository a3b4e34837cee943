-- Frames without end, under more names than there may be: the newest is kept, and what carries on is the worker.
-- 503: used more than its time
local stream = require "plateia.stream"
return require "lib.attack"(..., function()
  local i = 0
  while true do
    i = i + 1
    stream.publish("flood" .. i % 100, { x = ("x"):rep(i % 70000) })
  end
end)
