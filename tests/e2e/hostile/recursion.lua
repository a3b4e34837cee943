-- A function that calls itself, and needs itself afterwards.
-- 503: used more than its stack
return require "lib.attack"(..., function()
  local function deeper(n) return 1 + deeper(n + 1) end
  return deeper(1)
end)
