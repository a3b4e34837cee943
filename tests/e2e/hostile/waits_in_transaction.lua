-- The same within a transaction, whose connection others want.
-- 503: took longer than it may
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  local tx <close> = assert(db.transaction())
  while true do tx:one(nap) end
end)
