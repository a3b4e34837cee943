-- One short statement after the other: never over the time that it may run, and never done.
-- 503: took longer than it may
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  while true do nap() end
end)
