-- A transaction that nobody ends.
-- 200: fine
-- 200: fine
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  local tx = assert(db.transaction())
  assert(tx:one(nap))
end)
