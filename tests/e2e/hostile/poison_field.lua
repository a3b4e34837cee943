-- What tells a field from any table, replaced.
-- 500: attempt to index a boolean value
local fail = require "plateia.fail"
return require "lib.attack"(..., function()
  getmetatable(fail.Problem).__index = function() while true do end end
end)
