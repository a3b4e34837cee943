-- The names of everybody thawed in the same way.
-- 500: cannot change a protected metatable
local json = require "plateia.json"
return require "lib.attack"(..., function()
  json.array(_ENV)
end)
