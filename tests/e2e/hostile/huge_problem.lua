-- A failure whose reason has eight megabytes.
-- 500: of answer_limit
local fail = require "plateia.fail"
return require "lib.attack"(..., function()
  return fail.conflict(("x"):rep(1000):rep(8000))
end)
