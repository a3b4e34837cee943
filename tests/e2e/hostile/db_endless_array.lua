-- An array that says it is endless, and always has another element.
-- 500: db: the result would be larger than 8 MiB
local db = require "plateia.db"
local echo = db.one "echo"
return require "lib.attack"(..., function()
  echo(setmetatable({}, { __len = function() return 1 << 60 end, __index = function() return true end }))
end)
