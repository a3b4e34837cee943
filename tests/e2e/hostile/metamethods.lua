-- Metamethods that call one another, each within pcall.
-- 503: used more than its time
return require "lib.attack"(..., function()
  local meta, thing = {}, nil
  meta.__add = function(a, b) return select(2, pcall(function() return a .. b end)) end
  meta.__concat = function(a, b) return select(2, pcall(function() return a < b end)) end
  meta.__lt = function(a, b)
    for _ = 1, 3 do pcall(function() return a + b end) end
    return true
  end
  thing = setmetatable({}, meta)
  while true do local _ = thing + thing end
end)
