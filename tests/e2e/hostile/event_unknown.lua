-- An event that is in no list.
-- 500: there is no event "nothing.known"
local bus = require "plateia.bus"
return require "lib.attack"(..., function()
  bus.publish("nothing.known", {})
end)
