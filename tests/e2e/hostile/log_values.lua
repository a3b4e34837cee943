-- A line of the log of a hundred megabytes.
-- 200: fine
local log = require "plateia.log"
return require "lib.attack"(..., function()
  local fields = {}
  for i = 1, 16 do fields["f" .. i] = ("x"):rep(1000):rep(1000 + i) end
  for _ = 1, 10 do log.info(("x"):rep(1000):rep(1000), fields) end
end)
