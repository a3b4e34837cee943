-- Headers of an answer that have always one more.
-- 500: headers of an answer
return require "lib.attack"(..., function()
  return { said = "x" }, 200, setmetatable({}, { __pairs = function() return function() return "X-More", "1" end end })
end)
