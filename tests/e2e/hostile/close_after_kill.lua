-- A variable that closes only when the handler is stopped, and goes on then.
-- 503: used more than its time
return require "lib.attack"(..., function()
  local _ <close> = setmetatable({}, { __close = function() while true do pcall(error) end end })
  while true do end
end)
