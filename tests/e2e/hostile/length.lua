-- A list that says it is endless, for an answer.
-- 503: used more than its
return require "lib.attack"(..., function()
  return { said = "x", list = setmetatable({}, { __len = function() return 1 << 60 end, __index = function() return "" end }) }
end)
