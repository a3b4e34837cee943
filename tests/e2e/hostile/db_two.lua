-- Two transactions.
-- 500: a transaction is open already
local db = require "plateia.db"
return require "lib.attack"(..., function()
  local one <close> = assert(db.transaction())
  local two <close> = assert(db.transaction())
  return tostring(one) .. tostring(two)
end)
