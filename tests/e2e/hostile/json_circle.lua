-- A table that holds itself.
-- 500: JSON nested deeper than 32
local json = require "plateia.json"
return require "lib.attack"(..., function()
  local circle = {}
  circle.circle = circle
  return json.encode(circle)
end)
