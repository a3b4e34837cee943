-- print of what never becomes text.
-- 503: used more than its time
return require "lib.attack"(..., function()
  print(setmetatable({}, { __tostring = function() while true do end end }))
end)
