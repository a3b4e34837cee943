-- A statement within a replacement.
-- 500: nothing may wait in a function that string.gsub or table.sort calls
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  return (("x"):gsub("x", function() return nap().done end))
end)
