-- Headers of an answer that are counted for ever.
-- 503: used more than its time
return require "lib.attack"(..., function()
  return { said = "x" }, 200, setmetatable({}, { __pairs = function() while true do end end })
end)
