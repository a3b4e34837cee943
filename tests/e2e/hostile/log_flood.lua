-- Lines of the log without end.
-- 503: used more than its time
local log = require "plateia.log"
return require "lib.attack"(..., function()
  while true do log.debug("flood", { x = ("x"):rep(1000) }) end
end)
