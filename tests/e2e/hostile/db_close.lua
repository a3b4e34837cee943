-- A statement while a variable closes, because of an error.
-- 500: hostile_db_close.lua
local db = require "plateia.db"
local nap = db.one "nap"
return require "lib.attack"(..., function()
  local _ <close> = setmetatable({}, { __close = function() assert(nap()) end })
  error "on to __close"
end)
