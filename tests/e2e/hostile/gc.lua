-- A finaliser, which would run at any time.
-- 500: scripts cannot set __gc
return require "lib.attack"(..., function()
  setmetatable({}, { __gc = function() while true do end end })
end)
