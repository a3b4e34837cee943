-- Keys for the throttle without end.
-- 503: used more than its time
local throttle = require "plateia.throttle"
return require "lib.attack"(..., function(req)
  local i = 0
  while true do
    i = i + 1
    pcall(throttle, req, { { key = "hostile " .. i, limit = 1, window = 3600 } })
  end
end)
