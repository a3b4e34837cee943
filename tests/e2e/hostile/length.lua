-- A list that says it is endless, for an answer.
-- 500 or 503: an answer: the result would be larger than 8 MiB
return require "lib.attack"(..., function()
  return { said = "x", list = setmetatable({}, {
    __len = function() return 1 << 60 end, __index = function() return "" end }) }
end)
