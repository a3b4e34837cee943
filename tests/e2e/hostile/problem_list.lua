-- A failure whose further members are a list: no JSON object could hold it.
-- 500: members
local fail = require "plateia.fail"
return require "lib.attack"(..., function()
  return fail.conflict("no", { 1, 2, 3 })
end)
