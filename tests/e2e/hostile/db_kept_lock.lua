-- A transaction that is stopped within pcall, with a lock.
-- 503: used more than its time
-- 503: used more than its time
local db = require "plateia.db"
local hold = db.one "hold"
return require "lib.attack"(..., function()
  local tx <close> = assert(db.transaction())
  assert(tx:one(hold))
  while true do pcall(function() while true do end end) end
end)
