-- A function that calls itself, and needs itself afterwards.
-- 500 or 503: stack overflow
return require "lib.attack"(..., function()
  local function deeper(n) return 1 + deeper(n + 1) end
  return deeper(1)
end)
