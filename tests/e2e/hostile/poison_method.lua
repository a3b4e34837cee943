-- The method of every text replaced.
-- 500: attempt to index a boolean value
return require "lib.attack"(..., function()
  getmetatable("").__index.rep = function() return "poisoned" end
end)
