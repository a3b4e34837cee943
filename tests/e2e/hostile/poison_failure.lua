-- What tells a failure from a bug, replaced.
-- 500: attempt to index a boolean value
local fail = require "plateia.fail"
return require "lib.attack"(..., function()
  local _, raised = pcall(fail.not_found)
  getmetatable(raised).__metatable = "poisoned"
end)
