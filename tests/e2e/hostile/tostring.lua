-- A __tostring that never ends, asked by string.format.
-- 503: used more than its time
return require "lib.attack"(..., function()
  return ("%s"):format(setmetatable({}, { __tostring = function() while true do end end }))
end)
