-- A statement within a comparator.
-- 500: nothing may wait in a function that string.gsub or table.sort calls
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  table.sort({ 3, 1, 2 }, function() return nap() end)
end)
