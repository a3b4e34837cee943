-- An error whose text never ends, for whoever reports it.
-- 503: used more than its time
return require "lib.attack"(..., function()
  error(setmetatable({}, { __tostring = function() while true do end end }))
end)
