-- A frozen library thawed by making it a list.
-- 500: cannot change a protected metatable
local json = require "plateia.json"
return require "lib.attack"(..., function()
  json.array(string)
end)
