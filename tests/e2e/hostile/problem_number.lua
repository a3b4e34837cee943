-- A failure of which every part is of the wrong kind.
-- 500: handler failed
local fail = require "plateia.fail"
return require "lib.attack"(..., function()
  return fail.conflict({}, 42)
end)
