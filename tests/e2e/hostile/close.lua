-- A variable that never closes.
-- 503: used more than its time
return require "lib.attack"(..., function()
  local _ <close> = setmetatable({}, { __close = function() while true do end end })
  error "on to __close"
end)
