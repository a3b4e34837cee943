-- A transaction that is kept and used after its request.
-- 200: kept
-- 500: the transaction is over
local db = require "plateia.db"
local nap, kept = db.one "nap", nil
return require "lib.attack"(..., function()
  if kept then return kept:one(nap) end
  kept = assert(db.transaction())
  return "kept"
end)
